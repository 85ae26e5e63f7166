"""Speech in, its text out (task `automatic-speech-recognition`)."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import signature
from typing import Any

import numpy as np

from .._runtime.media.audio import load_audio
from .._runtime.tasks.encoded import Encoded
from .._runtime.tasks.generation import generation_options, new_tokens
from .._runtime.tasks.recordings import audio_part, extractor_of

INSTRUCTION = "Can you transcribe the speech into a written format?"
"""What a language model that listens is asked, unless its processor knows how to ask it."""


def encode(
    recordings: list[Any],
    processor: Any,
    config: Any,
    return_timestamps: bool | str | None = None,
    max_new_tokens: int | None = None,
    generate_kwargs: Mapping[str, Any] | None = None,
) -> Encoded:
    """Load, resample and turn each recording into the model's features.

    A language model that listens gets a chat with the recording, which asks for its text; one
    that writes while it listens gets the tokens to write until it has heard enough.
    """
    rate = extractor_of(processor).sampling_rate
    waveforms = [load_audio(recording, rate) for recording in recordings]
    if getattr(processor, "audio_token", None) is not None:
        inputs = chat_inputs(waveforms, processor, config.name_or_path)
    elif "num_delay_tokens" in getattr(processor, "model_input_names", ()):
        inputs = dict(processor(audio=waveforms, return_tensors="pt"))
    else:
        inputs = features(waveforms, processor)
    options = generation_options(max_new_tokens, None, generate_kwargs)
    if return_timestamps:
        options["return_timestamps"] = True
    return Encoded(inputs, options)


def features(waveforms: list[np.ndarray], processor: Any) -> dict[str, Any]:
    """The features of recordings, with a mask where the extractor can tell what is padding.

    A model that listens to windows of one length gets whole ones, or all of a longer recording.
    """
    extractor = processor.feature_extractor
    known = signature(extractor.__call__).parameters
    options: dict[str, Any] = {"padding": True}
    if hasattr(extractor, "n_samples"):
        fits = max(map(len, waveforms)) <= extractor.n_samples
        options = {"padding": "max_length" if fits else "longest", "truncation": False}
    if "return_attention_mask" in known:
        options["return_attention_mask"] = True
    rate = extractor.sampling_rate
    return dict(extractor(waveforms, sampling_rate=rate, return_tensors="np", **options))


def chat_inputs(waveforms: list[np.ndarray], processor: Any, name_or_path: str) -> dict[str, Any]:
    """A chat for each recording, which asks for its text, in the words the model was taught."""
    if hasattr(processor, "apply_transcription_request"):
        wanted = signature(processor.apply_transcription_request).parameters
        rate = extractor_of(processor).sampling_rate
        facts = {"model_id": name_or_path, "format": "WAV", "sampling_rate": rate}
        options = {name: value for name, value in facts.items() if name in wanted}
        return dict(processor.apply_transcription_request(waveforms, **options))
    instruction = {"type": "text", "text": INSTRUCTION}
    chats = [
        [{"role": "user", "content": [audio_part(waveform, processor), instruction]}]
        for waveform in waveforms
    ]
    inputs = processor.apply_chat_template(
        chats, add_generation_prompt=True, tokenize=True, return_dict=True, return_tensors="pt"
    )
    return dict(inputs)


def decode(
    outputs: Mapping[str, np.ndarray],
    encoded: Encoded,
    processor: Any,
    config: Any,
    return_timestamps: bool | str | None = None,
) -> list[dict[str, Any]]:
    """The text of each recording; `chunks` with times in seconds with `return_timestamps`.

    A CTC model gives times per `"char"` or `"word"`, Whisper per segment.
    """
    if "logits" in outputs:
        tokens = outputs["logits"].argmax(axis=-1)
        return [transcribe_ctc(row, processor, config, return_timestamps) for row in tokens]
    if hasattr(processor.tokenizer, "_decode_asr"):
        return [
            transcribe_whisper(row, processor, config, return_timestamps)
            for row in outputs["sequences"]
        ]
    if return_timestamps:
        raise ValueError("only CTC models and Whisper give times; call without return_timestamps")
    if "input_ids" in encoded.inputs:
        return [{"text": text} for text in answers(outputs, encoded, processor)]
    # A transducer writes the token once for each time that it hears it.
    repeats = {"group_tokens": False} if hasattr(config, "blank_token_id") else {}
    texts = processor.tokenizer.batch_decode(
        outputs["sequences"], skip_special_tokens=True, **repeats
    )
    return [{"text": text} for text in texts]


def answers(outputs: Mapping[str, np.ndarray], encoded: Encoded, processor: Any) -> list[str]:
    """What a language model answered; the transcript alone where it says more than that."""
    says_more = "return_format" in signature(processor.decode).parameters
    form = {"return_format": "transcription_only"} if says_more else {}
    tokens = new_tokens(outputs, encoded.inputs)
    return [processor.decode(row, skip_special_tokens=True, **form) for row in tokens]


def transcribe_whisper(
    tokens: np.ndarray, processor: Any, config: Any, return_timestamps: bool | str | None
) -> dict[str, Any]:
    """Text of the tokens that Whisper generated, by the code of transformers' pipeline."""
    if isinstance(return_timestamps, str):
        raise ValueError(
            f"Whisper times segments: return_timestamps=True; not {return_timestamps!r}"
        )
    text, timed = processor.tokenizer._decode_asr(
        [{"tokens": tokens[None]}],
        return_timestamps=return_timestamps,
        return_language=None,
        time_precision=processor.feature_extractor.chunk_length / config.max_source_positions,
    )
    return {"text": text, **timed}


def transcribe_ctc(
    tokens: np.ndarray, processor: Any, config: Any, return_timestamps: bool | str | None
) -> dict[str, Any]:
    """Text of the best CTC path."""
    tokenizer = processor.tokenizer
    if not return_timestamps:
        return {"text": tokenizer.decode(tokens)}
    unit = "char" if return_timestamps is True else return_timestamps
    if unit not in ("char", "word"):
        raise ValueError(f"a CTC model times 'char' or 'word'; got {return_timestamps!r}")
    timed = tokenizer.decode(tokens, **{f"output_{unit}_offsets": True})
    seconds = config.inputs_to_logits_ratio / processor.feature_extractor.sampling_rate
    chunks = [
        {
            "text": part[unit],
            "timestamp": (part["start_offset"] * seconds, part["end_offset"] * seconds),
        }
        for part in timed[f"{unit}_offsets"]
    ]
    return {"text": timed["text"], "chunks": chunks}
