"""A protein and a question in, an answer out (task `protein-text-to-text`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hf_skillset_runtime.media.text import as_fields, as_text
from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.generation import generation_options


def encode(
    items: list[Any],
    processor: Any,
    config: Any,
    max_new_tokens: int | None = None,
    generate_kwargs: Mapping[str, Any] | None = None,
    stop_sequence: str | list[str] | None = None,
) -> list[Encoded]:
    """One call for each `{"protein", "text"}`; the text is a question or a chat.

    A protein has amino acids (`aa_seq`) and its structure as Foldseek tokens (`foldseek`).
    """
    options = generation_options(
        processor, max_new_tokens, generate_kwargs, stop_sequence=stop_sequence
    )
    calls = []
    for item in items:
        protein, text = as_fields(item, "protein", "text")
        sequences = as_fields(protein, "aa_seq", "foldseek")
        aa_seq, foldseek = (as_text(sequence) for sequence in sequences)
        chat = text if isinstance(text, list) else [{"role": "user", "content": as_text(text)}]
        inputs = processor(
            proteins=[{"aa_seq": aa_seq, "foldseek": foldseek}], messages_list=[chat]
        )
        calls.append(Encoded(dict(inputs), options))
    return calls


def decode(
    outputs: list[Mapping[str, np.ndarray]], encoded: list[Encoded], processor: Any, config: Any
) -> list[list[dict[str, str]]]:
    """Per item a list of `{"generated_text"}`."""
    return [
        [
            {"generated_text": text}
            for text in processor.tokenizer.batch_decode(
                call["sequences"], skip_special_tokens=True
            )
        ]
        for call in outputs
    ]
