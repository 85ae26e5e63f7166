"""A text in, one vector for all of it out; of two texts, their similarity, too.

(Task `sentence-similarity`.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from .._runtime.media.text import as_text
from .._runtime.tasks.encoded import Encoded, pads
from .._runtime.tasks.sentence_modules import SentenceModules
from .._runtime.tasks.sentence_vectors import sentence_vector
from .._runtime.tasks.token_states import encode_texts, token_states
from .._runtime.tasks.vectors import SIMILARITIES

PAIR = ("one", "other")
"""The keys of two texts, as two positional arguments are."""


class Context(NamedTuple):
    """What `decode` needs besides the states."""

    counts: list[int]
    """How many texts each input has: one or two."""
    prompt_tokens: int
    """How many tokens the prompt takes in each text."""


def encode(
    items: list[Any],
    tokenizer: Any,
    config: Any,
    facts: Mapping[str, Any],
    rows_pad: bool,
    truncation: bool = True,
    prompt_name: str | None = None,
) -> list[Encoded]:
    """One call for all texts, or one for each where they may not be padded."""
    modules = modules_in(facts)
    prompt = prompt_of(modules, prompt_name)
    texts = [texts_of(item) for item in items]
    flat = [prompt + text for each in texts for text in each]
    flat = [text.lower() for text in flat] if modules.lower else flat
    calls = [flat] if rows_pad and pads(tokenizer) else [[text] for text in flat]
    encoded = [
        encode_texts(call, tokenizer, config, truncation, modules.max_length) for call in calls
    ]
    context = Context([len(each) for each in texts], prompt_length(prompt, tokenizer))
    return [replace(call, context=context) for call in encoded]


def modules_in(facts: Mapping[str, Any]) -> SentenceModules:
    """How the checkpoint makes vectors."""
    modules: SentenceModules = facts.get("sentence_modules", SentenceModules())
    return modules


def prompt_of(modules: SentenceModules, name: str | None) -> str:
    """The prompt of that name, or the checkpoint's default."""
    name = name or modules.prompt_name
    if name is None:
        return ""
    if name not in modules.prompts:
        known = ", ".join(modules.prompts) or "none"
        raise ValueError(f"this checkpoint has no prompt {name!r}; it has: {known}")
    return modules.prompts[name]


def prompt_length(prompt: str, tokenizer: Any) -> int:
    """How many tokens the prompt takes at the start of a text, special tokens included."""
    ids = tokenizer(prompt)["input_ids"] if prompt else []
    return len(ids) - (bool(ids) and ids[-1] in tokenizer.all_special_ids)


def texts_of(item: Any) -> list[str]:
    """The one or two texts of an input: a string, or `{"one", "other"}`."""
    if not isinstance(item, Mapping):
        return [as_text(item)]
    if set(item) != set(PAIR):
        raise ValueError(f"two texts are a dict of one and other; got {', '.join(map(str, item))}")
    return [as_text(item[name]) for name in PAIR]


def decode(
    outputs: Sequence[Mapping[str, np.ndarray]],
    encoded: Sequence[Encoded],
    tokenizer: Any,
    config: Any,
    facts: Mapping[str, Any],
    pooling: str | None = None,
    normalize: bool | None = None,
) -> list[dict[str, Any]]:
    """`{"embedding"}` (width,) for a text, `{"embeddings", "similarity"}` for two."""
    modules = modules_in(facts)
    vectors = iter(
        sentence_vector(states, modules, pooling, normalize, call.context.prompt_tokens)
        for out, call in zip(outputs, encoded)
        for states in token_states(out, call)
    )
    results: list[dict[str, Any]] = []
    for count in encoded[0].context.counts:
        found = [next(vectors) for _ in range(count)]
        if count == 1:
            results.append({"embedding": found[0].tolist()})
        else:
            given = [vector.tolist() for vector in found]
            similarity = SIMILARITIES[modules.similarity](*found)
            results.append({"embeddings": given, "similarity": similarity})
    return results
