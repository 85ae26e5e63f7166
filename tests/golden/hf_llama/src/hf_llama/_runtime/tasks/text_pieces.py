# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""Windows of a context that exceeds the model's limit, each with the question."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .padding import rows_of


@dataclass(frozen=True)
class Piece:
    """The tokens of a question and of a window of its context."""

    item: int
    """Index of its input in the batch."""
    context: str
    """The whole context."""
    inputs: Mapping[str, Any]
    """The model's inputs by name, one value per token."""
    answers: np.ndarray
    """Mask (tokens,) of answer boundaries: context tokens and the class token."""
    places: np.ndarray
    """Character offsets of the tokens in the context, (tokens, 2): start and end."""
    words: list[int | None]
    """Per context token the index of its word; None if the tokenizer does not provide it."""

    def characters(self, first: int, last: int, align_to_words: bool) -> tuple[int, int]:
        """The character span in the context of the tokens `first` to `last`, or of their words."""
        if not align_to_words or self.words[first] is None or self.words[last] is None:
            return int(self.places[first][0]), int(self.places[last][1])
        return self.word_place(first)[0], self.word_place(last)[1]

    def word_place(self, token: int) -> tuple[int, int]:
        """The character span in the context of a token's word."""
        tokens = [i for i, word in enumerate(self.words) if word == self.words[token]]
        return int(self.places[tokens[0]][0]), int(self.places[tokens[-1]][1])


def pieces_of(
    item: int,
    question: str,
    context: str,
    tokenizer: Any,
    longest: int,
    overlap: int,
    max_question_len: int,
) -> list[Piece]:
    """The windows of one context, each of at most `longest` tokens including the question.

    Args:
        overlap: number of tokens that a window shares with the previous one.
        max_question_len: number of tokens to which slow tokenizers truncate the question.

    Raises:
        ValueError: the question leaves no tokens for the context.
    """
    if not tokenizer.is_fast:
        question = shortened(question, tokenizer, max_question_len)
    taken = len(tokenizer.tokenize(question)) + tokenizer.num_special_tokens_to_add(pair=True)
    room = longest - taken
    if room < 1:
        raise ValueError(
            f"the question has {taken} tokens with special ones; of max_seq_len {longest}"
            " none are left for the context: shorten the question"
        )
    overlap = min(overlap, room - 1)
    if tokenizer.is_fast:
        return fast_pieces(item, question, context, tokenizer, longest, overlap)
    return word_pieces(item, question, context, tokenizer, room, overlap)


def shortened(text: str, tokenizer: Any, longest: int) -> str:
    """The first words of a text, of at most `longest` tokens."""
    words = text.split()
    while len(words) > 1 and len(tokenizer.tokenize(" ".join(words))) > longest:
        words = words[:-1]
    return " ".join(words)


def fast_pieces(
    item: int, question: str, context: str, tokenizer: Any, longest: int, overlap: int
) -> list[Piece]:
    """Windows by a fast tokenizer, which returns character offsets."""
    question_first = tokenizer.padding_side == "right"
    texts = (question, context) if question_first else (context, question)
    tokens = tokenizer(
        *([text] for text in texts),
        truncation="only_second" if question_first else "only_first",
        max_length=longest,
        stride=overlap,
        return_token_type_ids=True,
        return_overflowing_tokens=True,
        return_offsets_mapping=True,
    )
    return [
        Piece(
            item,
            context,
            inputs,
            may_answer(tokens, row, int(question_first), tokenizer),
            np.array(tokens["offset_mapping"][row]),
            words_of(tokens, row, int(question_first)),
        )
        for row, inputs in enumerate(rows_of(tokens, tokenizer))
    ]


def may_answer(tokens: Any, row: int, part: int, tokenizer: Any) -> np.ndarray:
    """Mask (tokens,) of the tokens where an answer may begin or end."""
    in_context = np.array([sequence == part for sequence in tokens.sequence_ids(row)])
    if tokenizer.cls_token_id is None:
        return in_context
    allowed: np.ndarray = in_context | (
        np.array(tokens["input_ids"][row]) == tokenizer.cls_token_id
    )
    return allowed


def words_of(tokens: Any, row: int, part: int) -> list[int | None]:
    """Per token the index of its context word; None outside of the context."""
    pairs = zip(tokens.sequence_ids(row), tokens.word_ids(row))
    return [word if sequence == part else None for sequence, word in pairs]


def word_pieces(
    item: int, question: str, context: str, tokenizer: Any, room: int, overlap: int
) -> list[Piece]:
    """Windows of whole words, for slow tokenizers, which return no offsets."""
    words = list(re.finditer(r"\s*(\S+)", context))
    counts = [len(tokenizer.tokenize(word.group())) for word in words]
    pieces, first = [], 0
    while first < len(words):
        last = first + 1
        while last < len(words) and sum(counts[first : last + 1]) <= room:
            last += 1
        pieces.append(
            word_piece(item, question, context, tokenizer, words[first:last], counts[first:last])
        )
        if last == len(words):
            break
        begin = last
        while begin - 1 > first and sum(counts[begin - 1 : last]) <= overlap:
            begin -= 1
        first = begin
    return pieces


def word_piece(
    item: int, question: str, context: str, tokenizer: Any, words: list[Any], counts: list[int]
) -> Piece:
    """One window of whole words; the shortest answer is a word."""
    text = context[words[0].start() : words[-1].end()]
    tokens = tokenizer(question, text, return_special_tokens_mask=True)
    special = np.array(tokens["special_tokens_mask"])
    positions = np.flatnonzero(special == 0)[len(tokenizer.tokenize(question)) :]
    if len(positions) != sum(counts):
        raise ValueError(
            f"tokenizing the text as a whole differs from tokenizing it word by word: {text!r:.200}"
        )
    answers, places = np.zeros(len(special), bool), np.zeros((len(special), 2), int)
    numbers: list[int | None] = [None] * len(special)
    owners = [number for number, count in enumerate(counts) for _ in range(count)]
    for token, number in zip(positions, owners):
        numbers[token], places[token], answers[token] = number, words[number].span(1), True
    if tokenizer.cls_token_id is not None:
        answers |= np.array(tokens["input_ids"]) == tokenizer.cls_token_id
    names = [name for name in tokenizer.model_input_names if name in tokens]
    return Piece(item, context, {name: tokens[name] for name in names}, answers, places, numbers)
