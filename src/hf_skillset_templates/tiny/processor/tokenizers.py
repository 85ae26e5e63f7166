"""Tiny tokenizers of any class: its own special tokens, then pieces learned from the corpus."""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerBase
from transformers.models.auto.tokenization_auto import tokenizer_class_from_name
from transformers.tokenization_utils_tokenizers import TokenizersBackend

from .tokenizer_files import build_from_files, class_rules
from .vocabulary import (
    SPACE,
    Pieces,
    learn_pieces,
    sentence_pieces,
)

SIZE = 600
GENERIC_TOKENS = {
    "unk_token": "<unk>",
    "bos_token": "<s>",
    "eos_token": "</s>",
    "pad_token": "<pad>",
}


def build_tokenizer(
    tokenizer_class: type[PreTrainedTokenizerBase],
    workspace: Path,
    *,
    extra_tokens: Iterable[str] = (),
    named_tokens: dict[str, str] | None = None,
    options: dict[str, Any] | None = None,
    fills_masks: bool = False,
    marks_end: bool = False,
) -> PreTrainedTokenizerBase:
    """A working tokenizer of the class.

    `extra_tokens` become special tokens (placeholders, language codes), `named_tokens` too and are
    reachable by name (`tokenizer.image_token`); `options` go to the class as they are; files that
    the class must read are written to `workspace`. With `fills_masks` there is a mask token; with
    `marks_end` a tokenizer that nothing is known of puts the end token behind every text.
    """
    rules = class_rules().get(tokenizer_class.__name__, {})
    if "use" in rules:
        tokenizer_class = tokenizer_class_from_name(rules["use"])
        rules = class_rules().get(tokenizer_class.__name__, {})
    options = {**rules.get("options", {}), **(options or {})}
    if not issubclass(tokenizer_class, TokenizersBackend):
        tokenizer = build_from_files(tokenizer_class, workspace, options)
    elif "vocab" in _parameters(tokenizer_class):
        tokenizer = _trained_backend(tokenizer_class, options, rules)
    else:
        tokenizer = _fixed_backend(tokenizer_class, options) or _generic_backend(
            tokenizer_class, {**options, "add_eos_token": True} if marks_end else options
        )
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.unk_token
    if fills_masks and tokenizer.mask_token is None:
        tokenizer.add_special_tokens({"mask_token": "<mask>"})
    tokens = [*listed_tokens(tokenizer_class, rules.get("tokens", ())), *extra_tokens]
    _add_special(tokenizer, tokens, named_tokens or {})
    tokenizer.add_tokens(listed_tokens(tokenizer_class, rules.get("plain_tokens", ())))
    return _reopened(tokenizer, workspace / "saved")


def _reopened(tokenizer: PreTrainedTokenizerBase, folder: Path) -> PreTrainedTokenizerBase:
    """The tokenizer as everybody sees it: some classes look up ids when they open their files."""
    tokenizer.save_pretrained(folder)
    return type(tokenizer).from_pretrained(folder)


def listed_tokens(tokenizer_class: type, rows: Iterable[Any]) -> list[str]:
    """The tokens that rows of the rules speak of.

    A row is a token, or {each: CONSTANT, form: "<|{}|>"} for every entry of a constant of the
    class's module, or {upto: 2.0, step: 0.02, form: ...} for a series of numbers.
    """
    tokens: list[str] = []
    for row in rows:
        if isinstance(row, str):
            tokens.append(row)
        elif "each" in row:
            constant = getattr(sys.modules[tokenizer_class.__module__], row["each"])
            tokens += [row["form"].format(entry) for entry in constant]
        else:
            count = round(row["upto"] / row["step"]) + 1
            tokens += [row["form"].format(index * row["step"]) for index in range(count)]
    return tokens


def _parameters(tokenizer_class: type) -> set[str]:
    """Names of the constructor's arguments; with `**kwargs` also those of the base class."""
    names: set[str] = set()
    for base in tokenizer_class.__mro__:
        if base is TokenizersBackend:
            break
        if "__init__" in vars(base):
            parameters = inspect.signature(vars(base)["__init__"]).parameters
            names |= set(parameters)
            if "args" not in parameters:
                break
    return names


def _fixed_backend(
    tokenizer_class: type[TokenizersBackend], options: dict[str, Any]
) -> TokenizersBackend | None:
    """The class as it is, if it brings a vocabulary of its own."""
    try:
        return tokenizer_class(**options)
    except ValueError:
        return None


def _trained_backend(
    tokenizer_class: type[TokenizersBackend], options: dict[str, Any], rules: dict[str, Any]
) -> TokenizersBackend:
    """The class with a learned vocabulary in place of the minimal one that it starts with."""
    skeleton = tokenizer_class(**_starting_vocabulary(rules), **options)
    vocabulary = skeleton.get_vocab()
    head = sorted(vocabulary, key=vocabulary.__getitem__)
    state = _state(skeleton)
    pieces, marks = _learn_for(skeleton, state)
    arguments: dict[str, Any] = {}
    if state["model"]["type"] == "Unigram":
        scores = dict(pieces.scored())
        head = [
            token for token in head if token not in scores or token in skeleton.all_special_tokens
        ]
        arguments["vocab"] = [(token, 0.0) for token in head]
        arguments["vocab"] += [item for item in scores.items() if item[0] not in head]
    else:
        rest = [token for token in (*marks, *pieces.pieces) if token not in head]
        tokens = list(dict.fromkeys([*rest, *head] if rules.get("last") else [*head, *rest]))
        arguments["vocab"] = {token: index for index, token in enumerate(tokens)}
        if "merges" in _parameters(tokenizer_class):
            arguments["merges"] = [tuple(merge) for merge in pieces.merges]
    return tokenizer_class(**arguments, **options)


def _starting_vocabulary(rules: dict[str, Any]) -> dict[str, Any]:
    """The first entries of the vocabulary, for classes that cannot start from nothing."""
    head = rules.get("head")
    if not head:
        return {}
    scored = rules.get("scored", False)
    return {
        "vocab": [(token, 0.0) for token in head]
        if scored
        else {token: i for i, token in enumerate(head)}
    }


def _state(skeleton: TokenizersBackend) -> dict[str, Any]:
    """The backend as in its tokenizer.json; without the pre-tokenizer if that is Python code."""
    backend = skeleton.backend_tokenizer
    try:
        return dict(json.loads(backend.to_str()))
    except Exception:  # the library raises a bare Exception
        model = type(backend.model).__name__
        prefix = getattr(backend.model, "continuing_subword_prefix", None)
        return {
            "model": {"type": model, "continuing_subword_prefix": prefix},
            "pre_tokenizer": None,
        }


def _learn_for(skeleton: TokenizersBackend, state: dict[str, Any]) -> tuple[Pieces, list[str]]:
    """Pieces that suit the skeleton's model and pre-tokenizer, and its tokens for bytes."""
    backend, model = skeleton.backend_tokenizer, state["model"]
    marks = [f"<0x{byte:02X}>" for byte in range(256)] if model.get("byte_fallback") else []
    suffix = model.get("end_of_word_suffix") or ""
    prefix = model.get("continuing_subword_prefix") or ""
    alphabet: set[str] = set()
    if "ByteLevel" in json.dumps(state["pre_tokenizer"]):
        alphabet = set(pre_tokenizers.ByteLevel.alphabet())
        alphabet |= {character + suffix for character in alphabet}
    if _leaves_words_whole(backend):
        return sentence_pieces(SIZE), marks
    pieces = learn_pieces(
        max(SIZE, len(alphabet) + SIZE // 3),
        normalizer=backend.normalizer,
        pre_tokenizer=backend.pre_tokenizer
        if state["pre_tokenizer"]
        else pre_tokenizers.BertPreTokenizer(),
        alphabet=alphabet,
        prefix=prefix,
        suffix=suffix,
    )
    return pieces, marks


def _leaves_words_whole(backend: Tokenizer) -> bool:
    """Whether the pre-tokenizer keeps words together in one run, as SentencePiece models do."""
    text = "ab cd"
    if backend.normalizer is not None:
        text = backend.normalizer.normalize_str(text)
    runs = (
        backend.pre_tokenizer.pre_tokenize_str(text)
        if backend.pre_tokenizer
        else [(text, (0, len(text)))]
    )
    return len(runs) == 1 or any(run.startswith(SPACE) for run, _ in runs)


def _generic_backend(
    tokenizer_class: type[TokenizersBackend], options: dict[str, Any]
) -> TokenizersBackend:
    """Byte-level byte pairs, for types whose checkpoints bring a tokenizer.json of their own."""
    options = {**GENERIC_TOKENS, **options}
    cut = pre_tokenizers.ByteLevel(add_prefix_space=False)
    pieces = learn_pieces(SIZE, pre_tokenizer=cut, alphabet=pre_tokenizers.ByteLevel.alphabet())
    special = dict.fromkeys(str(options[name]) for name in GENERIC_TOKENS if options.get(name))
    vocabulary = {token: index for index, token in enumerate([*special, *pieces.pieces])}
    backend = Tokenizer(models.BPE(vocab=vocabulary, merges=list(pieces.merges)))
    backend.pre_tokenizer = cut
    backend.decoder = decoders.ByteLevel()
    return tokenizer_class(tokenizer_object=backend, **options)


def _add_special(
    tokenizer: PreTrainedTokenizerBase, extra: Iterable[str], named: dict[str, str]
) -> None:
    """Register the extra tokens, and set the attributes of the named ones."""
    if named:
        tokenizer._set_model_specific_special_tokens(special_tokens=named)
    known = set(tokenizer.get_vocab())
    tokens = [token for token in dict.fromkeys([*named.values(), *extra]) if token]
    missing = [
        AddedToken(token, normalized=False, special=True) for token in tokens if token not in known
    ]
    tokenizer.add_tokens(missing, special_tokens=True)
