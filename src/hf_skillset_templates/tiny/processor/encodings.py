"""What a person has (a sentence, a picture, a sound, a video), encoded for a model."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from PIL import Image
from transformers import PreTrainedTokenizerBase, ProcessorMixin
from transformers.video_utils import VideoMetadata

from .needs import kind_of

# A mapping of names to tensors; which one depends on the processor.
Encoded = Any
SENTENCES = ("The cat sleeps in the sun.", "A small boat went down the river, past the old mill.")
QUESTION = "What is in this picture?"
HTML = "<html><body><h1>Title</h1><p>First paragraph of the page.</p></body></html>"
PROTEIN = {"aa_seq": "MKTAYIAKQR", "foldseek": "dvqvvvvvvd"}
SECONDS = 1.0
FRAMES = 8


def picture(width: int = 64, height: int = 48) -> Image.Image:
    """A colourful picture: two gradients and a bright square."""
    pixels = np.zeros((height, width, 3), dtype=np.uint8)
    pixels[..., 0] = np.linspace(0, 255, width, dtype=np.uint8)
    pixels[..., 1] = np.linspace(0, 255, height, dtype=np.uint8)[:, None]
    pixels[height // 4 : height // 2, width // 4 : width // 2, 2] = 255
    return Image.fromarray(pixels)


def waveform(sampling_rate: int) -> np.ndarray:
    """One second of two tones."""
    time = np.arange(int(SECONDS * sampling_rate), dtype=np.float32) / sampling_rate
    return (0.3 * np.sin(2 * np.pi * 440 * time) + 0.2 * np.sin(2 * np.pi * 880 * time)).astype(
        np.float32
    )


def video() -> np.ndarray:
    """Eight frames of the picture moving to the right: frames, height, width, channels."""
    frame = np.asarray(picture())
    return np.stack([np.roll(frame, 4 * step, axis=1) for step in range(FRAMES)])


def video_metadata() -> VideoMetadata:
    """What a decoder would know about the video."""
    return VideoMetadata(
        total_num_frames=FRAMES, fps=8.0, duration=1.0, frames_indices=list(range(FRAMES))
    )


def encodings(processor: Any) -> dict[str, Encoded]:
    """The processor's output for each kind of input that it takes, by that kind's name."""
    if isinstance(processor, PreTrainedTokenizerBase):
        return {"text": _encode_text(processor)}
    if isinstance(processor, ProcessorMixin):
        return _combined(processor)
    kind = _media_kind(processor)
    return {kind: _encode_media(processor, kind)}


# What a part of a model calls the output of the whole model's processor.
OTHER_NAMES = {
    "pixel_values": ("hidden_states", "pixel_values_videos", "images"),
    "image_grid_thw": ("grid_thw",),
    "image_merge_sizes": ("merge_sizes",),
    "image_position_ids": ("pixel_position_ids",),
    "attention_mask": ("input_features_mask",),
    "pixel_values_videos": ("pixel_values", "video"),
    "input_features": ("input_values", "audio_mel", "audio_values"),
    "input_features_mask": ("audio_mel_mask", "attention_mask"),
    "input_values": ("input_features",),
}


def fit_to(model: Any, encoded: Mapping[str, Any]) -> dict[str, Any]:
    """The processor's output under the names that the model's forward method takes."""
    parameters = inspect.signature(model.forward).parameters
    fitted: dict[str, Any] = {}
    for name, value in encoded.items():
        names = (name, *(other for other in OTHER_NAMES.get(name, ()) if other not in encoded))
        taken = next((other for other in names if other in parameters), None)
        if taken is not None or any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
            fitted[taken or name] = value
    return fitted


def _encode_text(tokenizer: PreTrainedTokenizerBase) -> Encoded:
    padding = tokenizer.pad_token is not None
    return tokenizer(
        list(SENTENCES) if padding else SENTENCES[0], padding=padding, return_tensors="pt"
    )


def _media_kind(processor: Any) -> str:
    """Which medium a single image processor, video processor or feature extractor takes."""
    parameters = list(inspect.signature(processor.__call__).parameters)
    name = type(processor).__name__
    if "Video" in name and ("videos" in parameters or hasattr(processor, "do_sample_frames")):
        return "video"
    return "audio" if hasattr(processor, "sampling_rate") else "image"


def _encode_media(processor: Any, kind: str) -> Encoded:
    if kind == "audio":
        rate = processor.sampling_rate
        return _first_that_works(
            lambda: processor(waveform(rate), sampling_rate=rate, return_tensors="pt"),
            lambda: processor([waveform(rate)], sampling_rate=rate, return_tensors="pt"),
        )
    if kind == "video":
        return processor(video(), video_metadata=[video_metadata()], return_tensors="pt")
    parameters = inspect.signature(processor.preprocess).parameters
    others = {name: make() for name, make in COMPANIONS.items() if name in parameters}
    return _first_that_works(
        lambda: processor(picture(), **others, return_tensors="pt"),
        lambda: processor([picture(), picture()], **others, return_tensors="pt"),
        lambda: processor(list(video()), **others, return_tensors="pt"),
    )


# What some image processors want beside the picture.
COMPANIONS: dict[str, Callable[[], Any]] = {
    "trimaps": lambda: picture().convert("L"),
    "boxes": lambda: [[[4.0, 4.0, 32.0, 32.0]]],
    "prompt_images": picture,
    "prompt_masks": lambda: picture().convert("L"),
}


def _first_that_works(*calls: Callable[[], Encoded]) -> Encoded:
    """The result of the first call whose form of input (single, batch, pair) is accepted."""
    for call in calls[:-1]:
        try:
            return call()
        except (TypeError, ValueError):
            pass
    return calls[-1]()


def _combined(processor: ProcessorMixin) -> dict[str, Encoded]:
    """Text with each medium that the processor takes, as a conversation if it has a template.

    Where a processor takes one or the other, they come one by one.
    """
    parameters = inspect.signature(processor.__call__).parameters
    if hasattr(processor, "process_queries"):
        return {
            "image": processor.process_images([picture()]),
            "text": processor.process_queries([QUESTION]),
        }
    if "html_strings" in parameters:
        return {"html": processor(HTML, return_tensors="pt")}
    if "proteins" in parameters:
        messages = [[{"role": "user", "content": QUESTION}]]
        return {"text+protein": processor(proteins=[PROTEIN], messages_list=messages)}
    media = [m for m in ("image", "video", "audio") if _takes(processor, parameters, m)]
    found: dict[str, Encoded] = {}
    for medium in media:
        try:
            found[f"text+{medium}"] = _call(processor, parameters, medium)
        except ValueError:
            if _template_owner(processor):
                raise
            found[medium] = _call(processor, parameters, medium, with_text=False)
    if not media or not all(name.startswith("text") for name in found):
        found["text"] = _call(processor, parameters, None)
    return found


# The part that takes a medium, and the argument that it comes in (the first that there is).
MEDIA = {
    "image": ("image_processor", ("images",)),
    "video": ("video_processor", ("videos", "images")),
    "audio": ("feature_extractor", ("audio", "audios", "raw_speech", "args")),
}


def _takes(processor: ProcessorMixin, parameters: Mapping[str, Any], medium: str) -> bool:
    part, names = MEDIA[medium]
    parts = {kind_of(attribute) for attribute in processor.get_attributes()}
    if medium == "video" and "image_processor" in parts:
        names = names[:1]  # then "images" are pictures
    return part in parts and any(name in parameters for name in names)


# Arguments that some processors cannot do without.
REQUIRED = {"language": "en", "task_inputs": ["semantic"]}


def _call(
    processor: ProcessorMixin,
    parameters: Mapping[str, Any],
    medium: str | None,
    with_text: bool = True,
) -> Encoded:
    """The processor's output for a question, a medium or both."""
    arguments: dict[str, Any] = {"return_tensors": "pt"}
    arguments |= {name: value for name, value in REQUIRED.items() if name in parameters}
    name = next((name for name in MEDIA[medium][1] if name in parameters), "") if medium else ""
    if medium == "audio":
        part = getattr(processor, "feature_extractor", None) or processor.audio_processor
        name = "audio" if name == "args" else name
        arguments |= {name: waveform(part.sampling_rate), "sampling_rate": part.sampling_rate}
    elif medium == "video":
        arguments[name] = video()
    elif medium == "image":
        takes_clips = "Video" in type(processor.image_processor).__name__ and not hasattr(
            processor, "video_processor"
        )
        arguments["videos" if takes_clips else name] = list(video()) if takes_clips else picture()
    if medium == "video":
        arguments["video_metadata"] = [video_metadata()]
    if with_text and "text" in parameters and hasattr(processor, "tokenizer"):
        arguments["text"] = _prompt(processor, medium)
    tokenizer = getattr(processor, "tokenizer", None)
    if with_text and tokenizer and "boxes" in inspect.signature(tokenizer.__call__).parameters:
        words = QUESTION.split()
        arguments |= {"text_pair": words, "boxes": [[1, 2, 3, 4]] * len(words)}
    try:
        encoded = processor(**arguments)
    except KeyError:  # some want to know a video's frame rate later as well
        encoded = processor(**arguments, return_metadata=True)
    if medium and "labels" in encoded and "input_ids" not in encoded:
        arguments.pop("text")  # the text would be what to learn, not what to read
        encoded = processor(**arguments)
    return encoded


def _template_owner(processor: ProcessorMixin) -> Any:
    """The processor or, where its constructor has no room for a template, its tokenizer."""
    owners = (processor, getattr(processor, "tokenizer", None))
    return next((owner for owner in owners if getattr(owner, "chat_template", None)), None)


def _prompt(processor: ProcessorMixin, medium: str | None) -> str:
    """The question, with a mark for the medium if there is a conversation template."""
    owner = _template_owner(processor)
    if owner is None:
        return QUESTION
    content = [{"type": "text", "text": QUESTION}]
    if medium:
        content.insert(0, {"type": medium})
    conversation = [{"role": "user", "content": content}]
    template = owner.apply_chat_template
    return str(template(conversation, tokenize=False, add_generation_prompt=True))
