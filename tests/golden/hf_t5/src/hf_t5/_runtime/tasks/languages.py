# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
"""Languages of tokenizers that translate: for one call, and only those that a tokenizer knows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from threading import RLock
from typing import Any

_LOCK = RLock()
SHOWN = 12
"""How many codes an error names where none is similar."""


def language_ids(tokenizer: Any) -> dict[str, int]:
    """The languages that a tokenizer knows: from each code to the id of its token.

    A code is known with and without the underscores around its token.
    """
    if not hasattr(type(tokenizer), "src_lang"):
        return {}
    stated = getattr(tokenizer, "lang_code_to_id", None)
    if stated is None:
        named = set(tokenizer.special_tokens_map.values()) if _plain(tokenizer) else set()
        added = tokenizer.get_added_vocab()
        stated = {token: number for token, number in added.items() if token not in named}
    known = {code: number for code, number in stated.items() if number != tokenizer.unk_token_id}
    return {**{code.strip("_"): number for code, number in known.items()}, **known}


def _plain(tokenizer: Any) -> bool:
    """Whether every named special token of a tokenizer is one string."""
    return all(isinstance(value, str) for value in tokenizer.special_tokens_map.values())


def language_id(tokenizer: Any, code: str, name: str) -> int:
    """The id of a language's token.

    Args:
        name: the parameter that holds the code.

    Raises:
        ValueError: the tokenizer does not know the code.
    """
    known = language_ids(tokenizer)
    if not known:
        raise ValueError(f"this model knows no language codes; call it without {name}")
    if code not in known:
        near = get_close_matches(str(code), known, n=5, cutoff=0.5)
        listed = ", ".join(near or sorted(known)[:SHOWN])
        hint = "similar codes" if near else f"some of its {len(known)} codes"
        raise ValueError(f"{name} {code!r} is no language of this model; {hint}: {listed}")
    return known[code]


@contextmanager
def source_language(tokenizer: Any, code: str | None) -> Iterator[None]:
    """Let a tokenizer take texts of a language, and what it took before afterwards.

    Raises:
        ValueError: the tokenizer does not know the code.
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
