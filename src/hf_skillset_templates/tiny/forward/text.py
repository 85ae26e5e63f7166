"""Dummy inputs of text models: token ids, boxes of words, masks."""

from __future__ import annotations

import re
from typing import Any

from hf_skillset_templates.tiny.configs import nodes

from .sampler import Sampler, fills, read

TEXT_LENGTH = 16  # tokens


def special_ids(config: Any) -> set[int]:
    """Special token ids, which running text must not contain."""
    ids: set[int] = set()
    for _, node in nodes(config):
        for name, value in vars(node).items():
            if re.search(r"_(id|index)$", name) and isinstance(value, int):
                ids.add(value)
    return ids


def tokens(sampler: Sampler, vocab: int, length: int) -> Any:
    """Token ids without special ones, one sentence."""
    special = special_ids(sampler.config)
    plain = [i for i in range(5, vocab) if i not in special][: max(64, vocab // 2)] or [0]
    import torch

    ids = [plain[i] for i in sampler.integers(0, len(plain), length).tolist()]
    end = sampler.number("eos_token_id", near=("text",))
    if isinstance(end, int) and 0 <= end < vocab:
        ids[-1] = end  # sequence classification heads of encoder-decoders look for it
    return torch.tensor([ids])


@fills(
    "input_ids",
    "tasks_input_ids",
    "qformer_input_ids",
    "labels",
    "context_input_ids",
    "classes_input_ids",
)
def _text(sampler: Sampler) -> Any:
    ids = text_ids(sampler, ("text", "encoder"))
    return ids if "decoder_input_ids" in sampler.parameters else in_codebooks(sampler, ids)


def in_codebooks(sampler: Sampler, ids: Any) -> Any:
    """Token ids for models of audio codes: a row, or a column, per codebook."""
    books = sampler.number("num_codebooks", near=("decoder",))
    for path, config in nodes(sampler.config):
        if books is None and "decoder" in path:
            books = read(config, "num_channels")
    if sampler.layout == 1 and isinstance(books, int):
        return ids.repeat(books, 1)
    if sampler.layout == 2 and isinstance(books, int):
        return ids[..., None].repeat(1, 1, books)
    return ids


@fills("decoder_input_ids")
def _decoder_text(sampler: Sampler) -> Any:
    return in_codebooks(sampler, text_ids(sampler, ("decoder", "text")))


def text_ids(sampler: Sampler, near: tuple[str, ...]) -> Any:
    """A short text for the nearest part of the model."""
    vocab = sampler.number("vocab_size", "src_vocab_size", "text_vocab_size", near=near, default=64)
    length = sampler.number("max_position_embeddings", near=near, default=TEXT_LENGTH)
    length = min(TEXT_LENGTH, length) if isinstance(length, int) and length > 0 else TEXT_LENGTH
    return tokens(sampler, vocab if isinstance(vocab, int) else 64, length)


def text_shape(sampler: Sampler) -> tuple[int, ...]:
    """Shape of the token ids, which are made first where they are not there yet."""
    sampler.build(["input_ids"])
    return tuple(sampler.made["input_ids"].shape)


@fills("bbox")
def _boxes(sampler: Sampler) -> Any:
    import torch

    corner = torch.tensor([10, 10, 40, 40])
    return corner.expand(*text_shape(sampler), 4).clone()


@fills(
    "attention_mask",
    "tasks_attention_mask",
    "qformer_attention_mask",
    "classes_attention_mask",
    "input_values_mask",
    "padding_mask",
    "decoder_attention_mask",
    "text_attention_mask",
    "bbox_first_token_mask",
)
def _mask(sampler: Sampler) -> Any:
    import torch

    main = next(iter(sampler.made.values()))
    return torch.ones(main.shape[:2], dtype=torch.long)
