"""Vocabulary files for tokenizers written in Python, which read them from disk."""

from __future__ import annotations

import inspect
import json
import string
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from tokenizers import normalizers, pre_tokenizers
from transformers import PreTrainedTokenizerBase

from .vocabulary import (
    learn_pieces,
    sentence_pieces,
    sentencepiece_model,
)

RULES = Path(__file__).with_name("tokenizer_classes.yml")
FIRST = ("bos_token", "pad_token", "eos_token", "unk_token", "cls_token", "sep_token", "mask_token")


@lru_cache(maxsize=1)
def class_rules() -> dict[str, dict[str, Any]]:
    """Undeclared requirements of tokenizer classes: one entry per class, each with its `why`."""
    return dict(yaml.safe_load(RULES.read_text(encoding="utf-8")))


def build_from_files(
    tokenizer_class: type[PreTrainedTokenizerBase], workspace: Path, options: dict[str, Any]
) -> PreTrainedTokenizerBase:
    """Write the files that the class requires, in its format, and load it from them."""
    rules = class_rules().get(tokenizer_class.__name__, {})
    options = {**rules.get("options", {}), **options}
    parameters = inspect.signature(tokenizer_class).parameters
    special = _special_tokens(parameters, options)
    special += [token for token in rules.get("entries", ()) if token not in special]
    style = STYLES[rules.get("style", "sentencepiece")]
    paths = {
        argument: workspace / name
        for argument, name in tokenizer_class.vocab_files_names.items()
        if argument in parameters and argument not in rules.get("without", ())
    }
    workspace.mkdir(parents=True, exist_ok=True)
    if paths:
        style(paths, special, rules)
    return tokenizer_class(**{argument: str(path) for argument, path in paths.items()}, **options)


def _special_tokens(parameters: Any, options: dict[str, Any]) -> list[str]:
    """The class's special tokens by its own defaults, in fairseq's order (bos, pad, eos, unk)."""
    defaults = {
        name: str(options.get(name, parameter.default))
        for name, parameter in parameters.items()
        if name.endswith("_token") and isinstance(options.get(name, parameter.default), str)
    }
    ordered = [
        *(name for name in FIRST if name in defaults),
        *(name for name in defaults if name not in FIRST),
    ]
    return list(dict.fromkeys(defaults[name] for name in ordered))


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")


def _write_lines(path: Path, lines: Iterable[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _numbered(tokens: Iterable[str]) -> dict[str, int]:
    return {token: index for index, token in enumerate(dict.fromkeys(tokens))}


def _characters(paths: dict[str, Path], special: list[str], rules: dict[str, Any]) -> None:
    """One entry per character, as speech recognition and synthesis use them."""
    alphabet = rules.get("alphabet", string.ascii_uppercase + "'")
    path = paths["vocab_file"]
    tokens = _numbered([*special, *alphabet])
    (_write_json if path.suffix == ".json" else _write_lines)(path, tokens)


def _word_pieces(paths: dict[str, Path], special: list[str], rules: dict[str, Any]) -> None:
    """BERT's vocab.txt; further files (shapes, pronunciations) map entries to small integers."""
    pieces = learn_pieces(
        700,
        normalizer=normalizers.BertNormalizer(),
        pre_tokenizer=pre_tokenizers.BertPreTokenizer(),
        prefix="##",
    )
    tokens = _numbered([*special, *pieces.pieces])
    _write_lines(paths["vocab_file"], tokens)
    for path in (path for path in paths.values() if path.suffix == ".json"):
        _write_json(path, {token: index % 32 for token, index in tokens.items()})


def _sentence_pieces(paths: dict[str, Path], special: list[str], rules: dict[str, Any]) -> None:
    """A SentencePiece model, and the additional vocab.json of fairseq models."""
    unknown = rules.get("unknown") or next(
        (token for token in special if "unk" in token.lower()), special[0]
    )
    pieces = sentence_pieces(600)
    for argument, path in paths.items():
        if path.suffix in {".model", ".spm"}:
            path.write_bytes(sentencepiece_model(special, unknown, pieces))
        elif argument in {"vocab", "vocab_file", "target_vocab_file"}:
            _write_json(path, _numbered([*special, *pieces.pieces]))


def _byte_pairs(paths: dict[str, Path], special: list[str], rules: dict[str, Any]) -> None:
    """vocab.json and merges.txt; `mark` is the word boundary marker of pieces.

    "</w>" stands behind the last piece of a word, "@@" behind all others; "bytes" cuts bytes as
    GPT-2 does.
    """
    mark = rules["mark"]
    if mark == "bytes":
        alphabet = pre_tokenizers.ByteLevel.alphabet()
        pieces = learn_pieces(600, pre_tokenizer=pre_tokenizers.ByteLevel(), alphabet=alphabet)
    else:
        pieces = learn_pieces(800, pre_tokenizer=pre_tokenizers.BertPreTokenizer(), suffix="</w>")
    tokens: Iterable[str] = pieces.pieces
    if mark == "@@":
        tokens = (_with_at_signs(piece) for piece in pieces.pieces)
    vocabulary = _numbered([*special, *tokens])
    for argument, path in paths.items():
        if argument == "merges_file":
            header = ["#version: 0.2"] if rules.get("header") else []
            _write_lines(path, [*header, *(" ".join(merge) for merge in pieces.merges)])
        elif "vocab" in argument:
            _write_json(path, vocabulary)


def _with_at_signs(piece: str) -> str:
    return piece.removesuffix("</w>") if piece.endswith("</w>") else f"{piece}@@"


def _bare_pieces(paths: dict[str, Path], special: list[str], rules: dict[str, Any]) -> None:
    """A list of words and parts of words without any mark, for longest-match tokenizers."""
    pieces = learn_pieces(700, pre_tokenizer=pre_tokenizers.BertPreTokenizer())
    bytes_ = [f"<|byte{byte}|>" for byte in range(256)] if rules.get("byte_fallback") else []
    _write_lines(paths["vocab_file"], _numbered([*special, *bytes_, *pieces.pieces]))
    if "emoji_file" in paths:
        _write_json(paths["emoji_file"], {"emoji": {}, "emoji_inv": {}})


def _numbered_kinds(paths: dict[str, Path], special: list[str], rules: dict[str, Any]) -> None:
    """Entries such as "60_TOKEN_NOTE": of each kind as many as it has, the kinds in their order."""
    names = (f"{n}_{kind}" for kind, count in rules["kinds"].items() for n in range(count))
    _write_json(paths["vocab"], _numbered(names))


Style = Callable[[dict[str, Path], list[str], dict[str, Any]], None]
STYLES: dict[str, Style] = {
    "characters": _characters,
    "word_pieces": _word_pieces,
    "byte_pairs": _byte_pairs,
    "bare_pieces": _bare_pieces,
    "numbered_kinds": _numbered_kinds,
    "sentencepiece": _sentence_pieces,
}
