"""Text with one masked word in, the likeliest words for it out (task `fill-mask`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .._runtime.media.text import as_text
from .._runtime.tasks.encoded import Encoded
from .._runtime.tasks.limits import cutting
from .._runtime.tasks.scores import softmax


def encode(
    texts: list[Any],
    tokenizer: Any,
    config: Any,
    tokenizer_kwargs: Mapping[str, Any] | None = None,
) -> Encoded:
    """Tokenize; every text must contain the mask token at least once."""
    texts = [as_text(text) for text in texts]
    options = dict(tokenizer_kwargs or {})
    if options.get("truncation"):
        options |= cutting(tokenizer, config, options["truncation"], options.get("max_length"))
    given = {"padding": len(texts) > 1, **options, "return_tensors": "np"}
    inputs = dict(tokenizer(texts, **given))
    for text, ids in zip(texts, inputs["input_ids"]):
        if tokenizer.mask_token_id not in ids:
            raise ValueError(
                f"no mask token ({tokenizer.mask_token}) in the text {text!r:.200}"
                + (" as it was cut" if tokenizer.mask_token in text else "")
            )
    return Encoded(inputs)


def decode(
    outputs: Mapping[str, np.ndarray],
    encoded: Encoded,
    tokenizer: Any,
    config: Any,
    top_k: int = 5,
    targets: str | list[str] | None = None,
) -> list[Any]:
    """The `top_k` fillings of each text; a list of such lists if it has several masks."""
    allowed = None if targets is None else target_ids(targets, tokenizer)
    results = []
    for ids, logits in zip(encoded.inputs["input_ids"], outputs["logits"]):
        masks = np.flatnonzero(ids == tokenizer.mask_token_id)
        fillings = [
            fill(ids, mask, softmax(logits[mask]), tokenizer, top_k, allowed, len(masks) == 1)
            for mask in masks
        ]
        results.append(fillings[0] if len(fillings) == 1 else fillings)
    return results


def fill(
    ids: np.ndarray,
    mask: int,
    probabilities: np.ndarray,
    tokenizer: Any,
    top_k: int,
    allowed: np.ndarray | None,
    only_mask: bool,
) -> list[dict[str, Any]]:
    """The best tokens for one mask, in the form of transformers' pipeline."""
    candidates = np.arange(len(probabilities)) if allowed is None else allowed
    best = candidates[np.argsort(-probabilities[candidates], kind="stable")[:top_k]]
    fillings = []
    for token in best:
        filled = np.where(np.arange(len(ids)) == mask, token, ids)
        filled = filled[filled != tokenizer.pad_token_id]
        fillings.append(
            {
                "score": float(probabilities[token]),
                "token": int(token),
                "token_str": tokenizer.decode([int(token)]),
                "sequence": tokenizer.decode(filled, skip_special_tokens=only_mask),
            }
        )
    return fillings


def target_ids(targets: str | list[str], tokenizer: Any) -> np.ndarray:
    """Token ids of the target words; of a word of several tokens the first."""
    words = [targets] if isinstance(targets, str) else targets
    vocabulary = tokenizer.get_vocab()
    ids: list[int] = []
    for word in words:
        pieces = tokenizer(word, add_special_tokens=False)["input_ids"]
        ids += [vocabulary[word]] if word in vocabulary else pieces[:1]
    if not ids:
        raise ValueError(f"none of the targets {words} is in the vocabulary")
    return np.unique(ids)
