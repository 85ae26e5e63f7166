"""Text in, text out: translation, summarisation and the like (task `text2text-generation`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .._runtime.media.text import as_text
from .._runtime.tasks.encoded import Encoded
from .._runtime.tasks.generation import by_input, generation_options
from .._runtime.tasks.languages import language_id, source_language
from .._runtime.tasks.limits import cutting


def encode(
    texts: list[Any],
    tokenizer: Any,
    config: Any,
    facts: Mapping[str, Any],
    max_new_tokens: int | None = None,
    do_sample: bool | None = None,
    src_lang: str | None = None,
    tgt_lang: str | None = None,
    truncation: bool = False,
    generate_kwargs: Mapping[str, Any] | None = None,
    stop_sequence: str | list[str] | None = None,
) -> Encoded:
    """Tokenize the source texts; a multilingual model also needs the two language codes.

    Raises:
        ValueError: a language code is unknown to the model.
    """
    given = [as_text(text) for text in texts]
    with source_language(tokenizer, src_lang):
        tokens = tokenizer(
            given,
            padding=len(texts) > 1,
            return_tensors="np",
            **cutting(tokenizer, config, truncation),
        )
    names = ("input_ids", "attention_mask")
    inputs = {name: tokens[name] for name in names if name in tokens}
    options = generation_options(
        tokenizer, max_new_tokens, generate_kwargs, do_sample=do_sample, stop_sequence=stop_sequence
    )
    if tgt_lang is not None:
        token = language_id(tokenizer, tgt_lang, "tgt_lang")
        option = facts.get("target_option")
        options |= {option: tgt_lang} if option else {"forced_bos_token_id": token}
    return Encoded(inputs, options)


def decode(
    outputs: Mapping[str, np.ndarray], encoded: Encoded, tokenizer: Any, config: Any
) -> list[list[dict[str, str]]]:
    """The generated text of each source text (several with `num_return_sequences`)."""
    texts = tokenizer.batch_decode(outputs["sequences"], skip_special_tokens=True)
    return [
        [{"generated_text": text} for text in generated]
        for generated in by_input(texts, len(encoded.inputs["input_ids"]))
    ]
