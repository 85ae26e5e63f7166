"""Small vocabularies learned from the corpus in this folder, in the formats of tokenizers.

Deterministic: the same corpus results in the same pieces in the same order.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from tokenizers import normalizers, pre_tokenizers

CORPUS = Path(__file__).with_name("corpus.txt")
SPACE = "▁"


@lru_cache(maxsize=1)
def corpus_lines() -> tuple[str, ...]:
    """The training corpus, a sentence a line."""
    return tuple(CORPUS.read_text(encoding="utf-8").splitlines())


@dataclass(frozen=True)
class Pieces:
    """A learned vocabulary: pieces in order of their ids, merges, and how often each occurs."""

    pieces: tuple[str, ...]
    merges: tuple[tuple[str, str], ...]
    counts: dict[str, int]

    def scored(self) -> list[tuple[str, float]]:
        """The pieces with their log frequency in the corpus, as required by Unigram."""
        total = sum(self.counts.values()) + len(self.pieces)
        return [
            (piece, round(math.log((self.counts.get(piece, 0) + 1) / total), 4))
            for piece in self.pieces
        ]


def learn_pieces(
    size: int,
    *,
    normalizer: normalizers.Normalizer | None = None,
    pre_tokenizer: pre_tokenizers.PreTokenizer | None = None,
    alphabet: Iterable[str] = (),
    prefix: str = "",
    suffix: str = "",
) -> Pieces:
    """Learn `size` pieces by byte-pair merging, on text cut up as the tokenizer will cut it.

    `prefix` marks pieces inside a word (WordPiece's "##"), `suffix` those that end one ("</w>").
    The `tokenizers` library's own trainer breaks ties by hash order; this one by the pieces.
    """
    words = [
        (_symbols(word, prefix, suffix), count)
        for word, count in sorted(_words(normalizer, pre_tokenizer).items())
    ]
    pieces = sorted({symbol for symbols, _ in words for symbol in symbols} | set(alphabet))
    merges: list[tuple[str, str]] = []
    while len(pieces) < size:
        best = _most_frequent_pair(words)
        if best is None:
            break
        merged = best[0] + best[1].removeprefix(prefix)
        words = [(_merge(symbols, best, merged), count) for symbols, count in words]
        merges.append(best)
        if merged not in pieces:
            pieces.append(merged)
    counts: Counter[str] = Counter()
    for symbols, count in words:
        for symbol in symbols:
            counts[symbol] += count
    return Pieces(tuple(pieces), tuple(merges), dict(counts))


def _words(
    normalizer: normalizers.Normalizer | None, pre_tokenizer: pre_tokenizers.PreTokenizer | None
) -> Counter[str]:
    """The words of the corpus as the tokenizer sees them, with their counts."""
    cut = pre_tokenizer or pre_tokenizers.WhitespaceSplit()
    lines = (normalizer.normalize_str(line) if normalizer else line for line in corpus_lines())
    return Counter(word for line in lines for word, _ in cut.pre_tokenize_str(line))


def _symbols(word: str, prefix: str, suffix: str) -> tuple[str, ...]:
    """The characters of a word with the marks for "inside" and "at the end"."""
    marked = [word[0], *(prefix + character for character in word[1:])]
    marked[-1] += suffix
    return tuple(marked)


def _most_frequent_pair(words: Iterable[tuple[tuple[str, ...], int]]) -> tuple[str, str] | None:
    """The neighbours that occur most often, at least twice; the smaller in order among equals."""
    pairs: Counter[tuple[str, str]] = Counter()
    for symbols, count in words:
        for pair in pairwise(symbols):
            pairs[pair] += count
    if not pairs:
        return None
    best = min(pairs, key=lambda pair: (-pairs[pair], pair))
    return best if pairs[best] > 1 else None


def _merge(symbols: tuple[str, ...], pair: tuple[str, str], merged: str) -> tuple[str, ...]:
    """`symbols` with each occurrence of `pair` made one."""
    if pair[0] not in symbols:
        return symbols
    out: list[str] = []
    position = 0
    while position < len(symbols):
        matches = symbols[position : position + 2] == pair
        out.append(merged if matches else symbols[position])
        position += 2 if matches else 1
    return tuple(out)


@lru_cache(maxsize=4)
def sentence_pieces(size: int) -> Pieces:
    """Pieces in the manner of SentencePiece: a word begins with "▁", no other marks."""
    return learn_pieces(size, pre_tokenizer=pre_tokenizers.Metaspace(replacement=SPACE, split=True))


def sentencepiece_model(special: Iterable[str], unknown: str, pieces: Pieces) -> bytes:
    """A serialized SentencePiece model (Unigram) of `special`, then `pieces`."""
    from transformers.convert_slow_tokenizer import import_protobuf

    proto = import_protobuf().ModelProto()
    kinds = proto.SentencePiece
    special = list(special)
    for token in special:
        kind = kinds.UNKNOWN if token == unknown else kinds.CONTROL
        proto.pieces.add(piece=token, score=0.0, type=kind)
    for piece, score in pieces.scored():
        if piece not in special:
            proto.pieces.add(piece=piece, score=score, type=kinds.NORMAL)
    proto.trainer_spec.model_type = proto.trainer_spec.UNIGRAM
    proto.trainer_spec.unk_piece = unknown
    proto.trainer_spec.unk_id = special.index(unknown)
    proto.trainer_spec.vocab_size = len(proto.pieces)
    for name in ("bos", "eos", "pad"):
        setattr(proto.trainer_spec, f"{name}_id", -1)
    proto.normalizer_spec.name = "identity"
    proto.normalizer_spec.add_dummy_prefix = True
    proto.normalizer_spec.remove_extra_whitespaces = True
    proto.normalizer_spec.escape_whitespaces = True
    return bytes(proto.SerializeToString(deterministic=True))
