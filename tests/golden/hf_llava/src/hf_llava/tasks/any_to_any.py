"""Text, images, sound and video in, text or sound out (task `any-to-any`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .._runtime.media.audio import load_audio
from .._runtime.media.image import load_image
from .._runtime.media.text import as_text
from .._runtime.media.video import is_frame, load_video
from .._runtime.tasks.encoded import Encoded
from .._runtime.tasks.model_outputs import as_tensor
from .._runtime.tasks.placeholders import KINDS, marked, wants_template
from .._runtime.tasks.recordings import audio_part, extractor_of, takes_sound
from .._runtime.tasks.videos import load_clip, takes_clips
from .._runtime.tasks.word_boxes import encode_pages, reads_pages

MODES = ("text", "audio")


def encode(
    items: list[Any],
    processor: Any,
    config: Any,
    facts: Mapping[str, Any],
    max_new_tokens: int = 256,
    generate_kwargs: Mapping[str, Any] | None = None,
    generation_mode: str | None = None,
    stop_sequence: str | list[str] | None = None,
    continue_final_message: bool | None = None,
    processor_kwargs: Mapping[str, Any] | None = None,
) -> list[Encoded]:
    """Preprocess texts, `{"text", "images", "videos", "audio"}` items or chats: a run for each."""
    if generation_mode not in (None, *MODES):
        raise ValueError(f"generation_mode is one of {', '.join(MODES)}; got {generation_mode!r}")
    speaks = hasattr(config, "talker_config")  # and answers in writing only when told to
    length = "thinker_max_new_tokens" if speaks else "max_new_tokens"
    options = {length: max_new_tokens, **(generate_kwargs or {})}
    if generation_mode == "audio" or speaks:
        options["generation_mode"] = generation_mode or "text"
    if stop_sequence is not None:
        stops = [stop_sequence] if isinstance(stop_sequence, str) else stop_sequence
        options |= {"stop_strings": stops, "tokenizer": processor.tokenizer}
    extra = dict(processor_kwargs or {})
    runs = []
    for item in items:
        if isinstance(item, list):
            inputs = encode_chat(item, processor, continue_final_message, extra)
            runs.append(Encoded(inputs, options, context=item))
        elif reads_pages(processor):
            inputs = encode_page(item, processor, extra)
            runs.append(Encoded(inputs, options, context=as_text(item["text"])))
        else:
            text, media = as_text_with_media(item)
            inputs = encode_text(text, media, processor, facts, extra)
            runs.append(Encoded(inputs, options, context=text))
    return runs


def encode_page(item: Any, processor: Any, extra: Mapping[str, Any]) -> dict[str, Any]:
    """A `{"text", "images"}` item for a model that reads pages, with its `word_boxes` if given."""
    words = item.get("word_boxes") if isinstance(item, dict) else None
    item = {name: item[name] for name in item if name != "word_boxes"} if words else item
    text, media = as_text_with_media(item)
    pages = [load_image(image) for image in media.get("images", ())]
    return encode_pages([text], [pages], [words], processor, return_tensors="pt", **extra)


def loaders(processor: Any) -> dict[str, Callable[[Any], Any]]:
    """How a medium of each kind is loaded for this processor."""
    return {
        "image": load_image,
        "video": load_video,
        "audio": lambda value: load_audio(value, extractor_of(processor).sampling_rate),
    }


def as_text_with_media(item: Any) -> tuple[str, dict[str, list[Any]]]:
    """The text of an input and what it holds beside it, by the processor's names."""
    if isinstance(item, str):
        return item, {}
    if not isinstance(item, dict) or "text" not in item:
        names = ", ".join(("text", *KINDS))
        raise TypeError(f"expected a text, a chat or a dict with {names}; got {repr(item)[:80]}")
    if unknown := sorted(set(item) - {"text", *KINDS}):
        raise ValueError(f"an input holds text, {', '.join(KINDS)}; not {unknown[0]!r}")
    media = {name: item[name] for name in KINDS if item.get(name) is not None}
    listed = {name: value if is_several(value, name) else [value] for name, value in media.items()}
    return as_text(item["text"]), listed


def is_several(value: Any, name: str) -> bool:
    """Whether a value is a list of media; a list of frames is one video."""
    frames = name == "videos" and isinstance(value, list) and value and is_frame(value[0])
    return isinstance(value, list) and not frames


def encode_text(
    text: str,
    media: Mapping[str, list[Any]],
    processor: Any,
    facts: Mapping[str, Any],
    extra: Mapping[str, Any],
) -> dict[str, Any]:
    """A text with its media; where placeholders are missing, as a chat's message or put before."""
    as_chat = "audio" in media and not takes_sound(processor)
    unmarked = {} if facts.get("marks_media") else media
    if as_chat or wants_template(text, unmarked, processor):
        given = [{"type": KINDS[name], KINDS[name]: one} for name in media for one in media[name]]
        message = {"role": "user", "content": [*given, {"type": "text", "text": text}]}
        return encode_chat([message], processor, False, extra)
    load = loaders(processor)
    prompt = marked(text, unmarked, processor)
    if takes_clips(processor):
        clips = [load_clip(video) for video in media.get("videos", ())] or None
        return dict(processor(text=prompt, images=clips, return_tensors="pt", **extra))
    opened = {name: [load[KINDS[name]](one) for one in values] for name, values in media.items()}
    return dict(processor(text=prompt, **opened, return_tensors="pt", **extra))


def encode_chat(
    messages: list[dict[str, Any]],
    processor: Any,
    continue_final_message: bool | None,
    extra: Mapping[str, Any],
) -> dict[str, Any]:
    """A chat through the model's template; one that ends with the assistant is continued."""
    goes_on = continues(messages, continue_final_message)
    chat = [
        {**message, "content": [loaded(part, processor) for part in parts(message["content"])]}
        for message in messages
    ]
    inputs = processor.apply_chat_template(
        chat,
        add_generation_prompt=not goes_on,
        continue_final_message=goes_on,
        tokenize=True,
        return_dict=True,
        return_tensors="pt",
        processor_kwargs=dict(extra),
    )
    return dict(inputs)


def parts(content: Any) -> list[dict[str, Any]]:
    """A message's content as a list of parts."""
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def loaded(part: dict[str, Any], processor: Any) -> dict[str, Any]:
    """A part of a message with its medium loaded; a text as it is."""
    kind, load = part["type"], loaders(processor)
    if kind not in load:
        return part
    medium = load[kind](part.get(kind, part.get("url", part.get("path"))))
    return audio_part(medium, processor) if kind == "audio" else {"type": kind, kind: medium}


def continues(messages: list[dict[str, Any]], continue_final_message: bool | None) -> bool:
    """Whether the chat's last message is continued: by default where it is the assistant's."""
    if continue_final_message is None:
        return bool(messages[-1]["role"] == "assistant")
    return continue_final_message


def decode(
    outputs: list[Mapping[str, np.ndarray]],
    encoded: list[Encoded],
    processor: Any,
    config: Any,
    generation_mode: str | None = None,
    return_full_text: bool = True,
    return_tensors: bool = False,
    skip_special_tokens: bool = True,
    clean_up_tokenization_spaces: bool | None = None,
    continue_final_message: bool | None = None,
) -> list[list[dict[str, Any]]]:
    """Per input `input_text` with `generated_text`, `generated_audio` or `generated_token_ids`."""
    options: dict[str, Any] = {"skip_special_tokens": skip_special_tokens}
    if clean_up_tokenization_spaces is not None:
        options["clean_up_tokenization_spaces"] = clean_up_tokenization_spaces
    results = []
    for found, run in zip(outputs, encoded):
        sequences = as_tensor(found["sequences"])
        if return_tensors:
            answers = {"generated_token_ids": list(sequences)}
        elif generation_mode == "audio":
            answers = {"generated_audio": read(sequences, processor, options, generation_mode)}
        else:
            texts = new_texts(sequences, run, processor, options)
            if return_full_text:
                texts = [with_prompt(run.context, text, continue_final_message) for text in texts]
            answers = {"generated_text": texts}
        ((name, values),) = answers.items()
        results.append([{"input_text": run.context, name: value} for value in values])
    return results


def read(sequences: Any, processor: Any, options: Mapping[str, Any], mode: str) -> Any:
    """What generated tokens say."""
    return processor.post_process_multimodal_output(sequences, generation_mode=mode, **options)


def new_texts(
    sequences: Any, run: Encoded, processor: Any, options: Mapping[str, Any]
) -> list[str]:
    """The generated texts without the prompt that they begin with."""
    found = read(sequences, processor, options, "text")
    ids = run.inputs.get("input_ids", run.inputs.get("decoder_input_ids"))
    if ids is None:  # the model reads the picture alone, and repeats no prompt
        return list(found)
    (prompt,) = read(ids, processor, options, "text")
    texts = []
    for text in found:
        start = text.find(prompt)
        # A tokenizer may put a space or two before the prompt.
        texts.append(text[start + len(prompt) :] if 0 <= start <= 2 else text)
    return texts


def with_prompt(given: Any, text: str, continue_final_message: bool | None) -> Any:
    """The generated text behind the given text, or in the given chat."""
    if isinstance(given, str):
        return given + text
    if not continues(given, continue_final_message):
        return [*given, {"role": "assistant", "content": text}]
    *content, last = parts(given[-1]["content"])
    continued = {
        "role": given[-1]["role"],
        "content": [*content, {**last, "text": last["text"] + text}],
    }
    return [*given[:-1], continued]
