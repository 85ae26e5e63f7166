"""Text in, speech, music or other audio out (task `text-to-audio`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hf_skillset_runtime.media.text import as_text
from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.generation import generation_options, one_or_all
from hf_skillset_runtime.tasks.model_outputs import as_tensor

OPTIONS = {"return_dict_in_generate": True}
"""Options of `generate`, unless `facts` has others."""


def encode(
    texts: list[Any],
    processor: Any,
    config: Any,
    facts: Mapping[str, Any],
    forward_params: Mapping[str, Any] | None = None,
    generate_kwargs: Mapping[str, Any] | None = None,
    preprocess_params: Mapping[str, Any] | None = None,
    processor_kwargs: Mapping[str, Any] | None = None,
    max_new_tokens: int | None = None,
    seed: int = 0,
) -> list[Encoded]:
    """One call for each text or chat."""
    asked = generation_options(processor, max_new_tokens, generate_kwargs)
    options = {**facts.get("generate_options", OPTIONS), **asked}
    if "length_options" in facts and max_new_tokens is not None:
        options |= dict.fromkeys(facts["length_options"], options.pop("max_new_tokens"))
    if "codebook_delay" in facts and max_new_tokens is not None:
        options["max_new_tokens"] += int(np.max(getattr(config, facts["codebook_delay"])))
    if language := getattr(getattr(processor, "tokenizer", processor), "tgt_lang", None):
        options.setdefault("tgt_lang", language)
    given = {**neutral_speaker(config, facts), **(forward_params or {})}
    given = {name: value for name, value in given.items() if name not in options}
    calls = []
    for text in texts:
        tokens = tokenize(text, processor, facts, preprocess_params or {}, processor_kwargs or {})
        calls.append(Encoded({**tokens, **given}, options, seed=seed))
    return calls


def neutral_speaker(config: Any, facts: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Zeros as the speaker embedding, for models that need one."""
    if "speaker_width" not in facts:
        return {}
    width = getattr(config, facts["speaker_width"])
    return {"speaker_embeddings": np.zeros((1, width), np.float32)}


def tokenize(
    text: Any,
    processor: Any,
    facts: Mapping[str, Any],
    preprocess_params: Mapping[str, Any],
    processor_kwargs: Mapping[str, Any],
) -> dict[str, Any]:
    """The tokens of a text, or of a chat through the model's chat template."""
    if facts.get("tokenizer_only"):
        processor = processor.tokenizer
    if facts.get("chats_only") and isinstance(text, str):
        text = [{"role": "user", "content": [{"type": "text", "text": text}]}]
    if isinstance(text, list):
        template = {
            "tokenize": True,
            "return_dict": True,
            "add_generation_prompt": True,
            "return_tensors": "pt",
        }
        options = {**template, "processor_kwargs": dict(processor_kwargs), **preprocess_params}
        return dict(processor.apply_chat_template(text, **options))
    text = as_text(text)
    check_symbols(text, getattr(processor, "tokenizer", processor))
    options = {**facts.get("text_options", {}), **preprocess_params}
    if "speaker" in facts and not text.startswith("["):
        text = facts["speaker"] + text
    return dict(processor(text=[text], **options, return_tensors="pt"))


def check_symbols(text: str, tokenizer: Any) -> None:
    """Raise ValueError for a text without any symbol of the model's vocabulary."""
    tokens = tokenizer.tokenize(text)
    if all(token == tokenizer.unk_token for token in tokens):
        raise ValueError(
            f"the text {text!r:.80} has no symbol that this model can speak: write it with letters"
            " of the language that it was trained for"
        )


def decode(
    outputs: list[Mapping[str, Any]],
    encoded: list[Encoded],
    processor: Any,
    config: Any,
    facts: Mapping[str, Any],
) -> list[Any]:
    """Per text the `audio` (samples,) or (channels, samples) and its `sampling_rate`.

    Models that generate spectrograms return `spectrogram` (frames, bins) instead. With
    `num_return_sequences` above 1 the result is a list of that length.
    """
    output_key = "spectrogram" if facts.get("makes_spectrogram") else "audio"
    rate = facts.get("sampling_rate") or sampling_rate(config, processor)
    results = []
    for call, request in zip(outputs, encoded):
        clips = hypotheses(made(call, processor, facts, request), count := returned(request))
        if len(clips) != count:
            raise ValueError(
                f"this model returned {len(clips)} of {count} audio clips; call"
                " it once for each, with another seed"
            )
        results.append(
            one_or_all([{output_key: squeezed, "sampling_rate": rate} for squeezed in clips])
        )
    return results


def returned(request: Encoded) -> int:
    """The number of hypotheses that a call requests."""
    name = "num_return_sequences"
    return int(request.generate_kwargs.get(name, request.inputs.get(name)) or 1)


def hypotheses(values: Any, count: int) -> list[np.ndarray]:
    """Each of `count` hypotheses, squeezed; some models return only one."""
    if isinstance(values, (list, tuple)):
        return [np.asarray(value).squeeze() for value in values[:count]]
    return [np.asarray(value).squeeze() for value in (values if count > 1 else [values])]


def made(
    outputs: Mapping[str, Any], processor: Any, facts: Mapping[str, Any], request: Encoded
) -> Any:
    """The output of one call: an array or a list, with a row for each hypothesis."""
    if "audio_latents" in outputs:
        latents = as_tensor(outputs["audio_latents"]), as_tensor(outputs["audio_latents_mask"])
        return list(processor.decode(*latents))
    names = ("audio", "waveform", "spectrogram", "audio_sequences", "sequences")
    name = next(name for name in names if name in outputs)
    values = outputs[name]
    if facts.get("text_and_speech"):
        _, values = values
    if name.endswith("sequences") and isinstance(values, np.ndarray) and values.dtype.kind in "iu":
        if (count := returned(request)) > 1:  # processors decode one at a time
            rows = np.split(values, count)
            return [first_of(processor.decode(as_tensor(row))) for row in rows]
        return processor.decode(as_tensor(values))
    return values


def first_of(decoded: Any) -> Any:
    """The decoded output of one row of tokens; of a list its only entry."""
    return decoded[0] if isinstance(decoded, (list, tuple)) else decoded


def sampling_rate(config: Any, processor: Any) -> int | None:
    """Samples per second, from the configuration or the processor."""
    extractor = getattr(processor, "feature_extractor", None)
    for source in (config, getattr(config, "codec_config", None), extractor):
        for name in ("sampling_rate", "sample_rate"):
            if (rate := getattr(source, name, None)) is not None:
                return int(rate)
    return None
