# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""Languages of translation tokenizers: validated, and set for one call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from threading import RLock
from typing import Any

_LOCK = RLock()
SHOWN = 12
"""Number of codes that an error lists if none is similar."""


def language_ids(tokenizer: Any) -> dict[str, int]:
    """The languages of a tokenizer: code -> token id.

    Each code is listed with and without the underscores around its token.
    """
    if not hasattr(type(tokenizer), "src_lang"):
        return {}
    stated = getattr(tokenizer, "lang_code_to_id", None)
    if stated is None:
        named = set(tokenizer.special_tokens_map.values()) if _plain(tokenizer) else set()
        added = tokenizer.get_added_vocab()
        stated = {token: number for token, number in added.items() if token not in named}
    codes = {code: number for code, number in stated.items() if number != tokenizer.unk_token_id}
    return {**{code.strip("_"): number for code, number in codes.items()}, **codes}


def _plain(tokenizer: Any) -> bool:
    """Whether every named special token of a tokenizer is a single string."""
    return all(isinstance(value, str) for value in tokenizer.special_tokens_map.values())


def language_id(tokenizer: Any, code: str, name: str) -> int:
    """The token id of a language.

    Args:
        name: the parameter that holds the code.

    Raises:
        ValueError: the code is not a language of the tokenizer.
    """
    codes = language_ids(tokenizer)
    if not codes:
        raise ValueError(f"this model has no language codes; call it without {name}")
    if code not in codes:
        near = get_close_matches(str(code), codes, n=5, cutoff=0.5)
        listed = ", ".join(near or sorted(codes)[:SHOWN])
        hint = "similar codes" if near else f"some of its {len(codes)} codes"
        raise ValueError(f"{name} {code!r} is not a language of this model; {hint}: {listed}")
    return codes[code]


@contextmanager
def source_language(tokenizer: Any, code: str | None) -> Iterator[None]:
    """Set a tokenizer's source language inside the block, and restore it afterwards.

    Raises:
        ValueError: the code is not a language of the tokenizer.
    """
    if code is not None:
        language_id(tokenizer, code, "src_lang")
    elif not hasattr(type(tokenizer), "src_lang"):
        yield
        return
    with _LOCK:
        before = tokenizer.src_lang
        if code is not None:
            tokenizer.src_lang = code
        try:
            yield
        finally:
            if code is not None:
                tokenizer.src_lang = before
