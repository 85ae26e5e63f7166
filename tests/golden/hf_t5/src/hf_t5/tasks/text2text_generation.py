"""Text in, text out: translation, summarisation and the like (task `text2text-generation`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .._runtime.media.text import as_text
from .._runtime.tasks.encoded import Encoded
from .._runtime.tasks.generation import generation_options


def encode(
    texts: list[Any],
    tokenizer: Any,
    config: Any,
    max_new_tokens: int | None = None,
    do_sample: bool | None = None,
    src_lang: str | None = None,
    tgt_lang: str | None = None,
    generate_kwargs: Mapping[str, Any] | None = None,
) -> Encoded:
    """Tokenize the source texts; a multilingual model also wants the two language codes."""
    if src_lang is not None:
        tokenizer.src_lang = src_lang
    tokens = tokenizer(
        [as_text(text) for text in texts], padding=len(texts) > 1, return_tensors="np"
    )
    names = ("input_ids", "attention_mask")
    inputs = {name: tokens[name] for name in names if name in tokens}
    options = generation_options(max_new_tokens, do_sample, generate_kwargs)
    if tgt_lang is not None:
        options["forced_bos_token_id"] = tokenizer.convert_tokens_to_ids(tgt_lang)
    return Encoded(inputs, options)


def decode(
    outputs: Mapping[str, np.ndarray], encoded: Encoded, tokenizer: Any, config: Any
) -> list[list[dict[str, str]]]:
    """The generated text of each source text (several with `num_return_sequences`)."""
    texts = tokenizer.batch_decode(outputs["sequences"], skip_special_tokens=True)
    per_source = len(texts) // len(encoded.inputs["input_ids"])
    return [
        [{"generated_text": text} for text in texts[start : start + per_source]]
        for start in range(0, len(texts), per_source)
    ]
