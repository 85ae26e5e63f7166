"""Text and candidate labels in, a score per label out (`zero-shot-classification`).

Each label becomes a hypothesis; its score is the probability that the text entails it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .._runtime.media.text import as_text
from .._runtime.tasks.candidate_labels import as_captions, as_labels
from .._runtime.tasks.encoded import Encoded, pads
from .._runtime.tasks.limits import cutting, longest_text
from .._runtime.tasks.scores import softmax


def encode(
    texts: list[Any],
    tokenizer: Any,
    config: Any,
    candidate_labels: str | list[str],
    hypothesis_template: str = "This example is {}.",
    rows_pad: bool = True,
) -> list[Encoded]:
    """One row for each text and label; one row per call if padding would change results."""
    labels = as_labels(candidate_labels)
    hypotheses = as_captions(labels, hypothesis_template)
    check_lengths(hypotheses, tokenizer, config)
    texts = [as_text(text) for text in texts]
    pairs = [(text, hypothesis) for text in texts for hypothesis in hypotheses]
    calls = [pairs] if rows_pad and pads(tokenizer) else [[pair] for pair in pairs]
    return [
        Encoded(tokenize(rows, tokenizer, config, padding=len(rows) > 1), context=(texts, labels))
        for rows in calls
    ]


def check_lengths(hypotheses: list[str], tokenizer: Any, config: Any) -> None:
    """Raise ValueError for a hypothesis that leaves no tokens for a text."""
    limit = longest_text(tokenizer, config)
    room = None if limit is None else limit - tokenizer.num_special_tokens_to_add(pair=True)
    for hypothesis in hypotheses:
        if room is not None and (length := len(tokenizer.tokenize(hypothesis))) >= room:
            raise ValueError(
                f"the hypothesis {hypothesis!r:.80} has {length} tokens, and this model accepts"
                f" at most {room} with the text: use a shorter label or hypothesis_template"
            )


def tokenize(
    pairs: list[tuple[str, str]], tokenizer: Any, config: Any, padding: bool
) -> dict[str, Any]:
    """Pairs of text and hypothesis; only the text is truncated, never the hypothesis."""
    texts, hypotheses = (list(column) for column in zip(*pairs))
    tokens = tokenizer(
        texts,
        hypotheses,
        padding=padding,
        return_tensors="np",
        **cutting(tokenizer, config, "only_first"),
    )
    return {name: tokens[name] for name in tokenizer.model_input_names if name in tokens}


def decode(
    outputs: list[Mapping[str, np.ndarray]],
    encoded: list[Encoded],
    tokenizer: Any,
    config: Any,
    multi_label: bool = False,
) -> list[dict[str, Any]]:
    """`{"sequence", "labels", "scores"}` of each text, best label first."""
    texts, labels = encoded[0].context
    logits = np.concatenate([call["logits"] for call in outputs])
    results = []
    for text, rows in zip(texts, logits.reshape(len(texts), len(labels), -1)):
        scores = label_scores(rows, entailment_index(config), multi_label)
        best = scores.argsort()[::-1]
        results.append(
            {
                "sequence": text,
                "labels": [labels[i] for i in best],
                "scores": scores[best].tolist(),
            }
        )
    return results


def label_scores(logits: np.ndarray, entailment: int, multi_label: bool) -> np.ndarray:
    """Scores of the labels that share one text: (labels, classes) to (labels,)."""
    if multi_label or len(logits) == 1:
        contradiction = -1 if entailment == 0 else 0
        return softmax(logits[:, [contradiction, entailment]])[:, 1]
    return softmax(logits[:, entailment])


def entailment_index(config: Any) -> int:
    """The class that means entailment; the last one if the checkpoint has no label names."""
    named = (i for name, i in config.label2id.items() if name.lower().startswith("entail"))
    return next(named, -1)
