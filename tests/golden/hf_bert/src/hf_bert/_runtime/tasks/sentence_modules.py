# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""What a checkpoint's sentence-transformers files say of the vector of a text.

`modules.json` lists modules that run one after the other: the transformer, then those that make one
vector of its states. Their folders have a `config.json` each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .vectors import SIMILARITIES

MODULES = "modules.json"
GENERAL = "config_sentence_transformers.json"
TRANSFORMER_FILES = tuple(
    f"sentence_{name}_config.json"
    for name in ("bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet")
)
"""Where the settings of the transformer are: the first of these that is there."""
FLAGS = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}
"""Field of an older pooling configuration -> pooling, in the order in which several are joined."""
ACTIVATIONS: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    "Identity": lambda vector: vector,
    "ReLU": lambda vector: np.maximum(vector, 0),
    "Tanh": np.tanh,
}
Read = Callable[[str], Path | None]
"""The local path of a checkpoint's file; None if it has no such file."""


@dataclass(frozen=True)
class Dense:
    """A layer behind the pooling."""

    weight: np.ndarray
    """(width out, width in)"""
    bias: np.ndarray | float
    activation: str

    def __call__(self, vector: np.ndarray) -> np.ndarray:
        """The vector (width out) of a vector (width in)."""
        return ACTIVATIONS[self.activation](vector @ self.weight.T + self.bias)


@dataclass(frozen=True)
class SentenceModules:
    """How a checkpoint makes one vector of a text's states; by default their mean."""

    poolings: tuple[str, ...] = ("mean",)
    """One, or several whose vectors are joined."""
    dense: tuple[Dense, ...] = ()
    normalize: bool = False
    """Whether vectors get length one."""
    max_length: int | None = None
    """Longest text in tokens; None for the model's limit."""
    lower: bool = False
    """Whether texts are put into lower case."""
    prompts: Mapping[str, str] = field(default_factory=dict)
    """Name -> what stands before a text."""
    prompt_name: str | None = None
    """The prompt where a caller names none."""
    pools_prompt: bool = True
    """Whether the prompt's tokens are pooled with the text's."""
    similarity: str = "cosine"
    """The function of two vectors that says how similar they are."""


def facts(path_of: Read, read_json: Callable[[str], Any]) -> dict[str, Any]:
    """`sentence_modules`, as the files of a checkpoint have it; without files the default.

    Raises:
        ValueError: the checkpoint has a module that is not supported.
    """
    listed = read_json(MODULES)
    if listed is None:
        return {"sentence_modules": SentenceModules()}
    stated: dict[str, Any] = {}
    dense: list[Dense] = []
    for module in listed:
        kind, folder = module["type"].rpartition(".")[2], module["path"]
        config = read_json(inner(folder, "config.json")) or {}
        if kind == "Transformer":
            stated |= transformer_settings(folder, read_json)
        elif kind == "Pooling":
            stated["poolings"] = poolings_of(config)
            stated["pools_prompt"] = bool(config.get("include_prompt", True))
        elif kind == "Dense":
            dense.append(dense_of(config, folder, path_of))
        elif kind == "Normalize":
            stated["normalize"] = True
        elif kind != "Dropout":
            raise ValueError(f"{MODULES} of this checkpoint names {kind!r}, which is not supported")
    general = read_json(GENERAL) or {}
    stated["prompts"] = general.get("prompts") or {}
    stated["prompt_name"] = general.get("default_prompt_name")
    stated["similarity"] = general.get("similarity_fn_name") or "cosine"
    if stated["similarity"] not in SIMILARITIES:
        raise ValueError(f"similarity {stated['similarity']!r} of {GENERAL} is not supported")
    return {"sentence_modules": SentenceModules(dense=tuple(dense), **stated)}


def inner(folder: str, name: str) -> str:
    """A file of a module's folder, which may be the checkpoint's own."""
    return f"{folder}/{name}" if folder else name


def transformer_settings(folder: str, read_json: Callable[[str], Any]) -> dict[str, Any]:
    """The longest text, and whether it is put into lower case."""
    for name in TRANSFORMER_FILES:
        if (found := read_json(inner(folder, name))) is not None:
            lower = bool(found.get("do_lower_case", False))
            return {"max_length": found.get("max_seq_length"), "lower": lower}
    return {}


def poolings_of(config: Mapping[str, Any]) -> tuple[str, ...]:
    """The poolings of a configuration of either form.

    Raises:
        ValueError: a pooling is unknown.
    """
    stated = config.get("pooling_mode") or [FLAGS[flag] for flag in FLAGS if config.get(flag)]
    poolings = (stated,) if isinstance(stated, str) else tuple(stated or ("mean",))
    if unknown := [name for name in poolings if name not in FLAGS.values()]:
        raise ValueError(f"the checkpoint's pooling {unknown[0]!r} is not supported")
    return poolings


def dense_of(config: Mapping[str, Any], folder: str, path_of: Read) -> Dense:
    """A layer with its weights.

    Raises:
        ValueError: its activation is not supported, or its weights are not safetensors.
    """
    from safetensors.numpy import load_file

    activation = config.get("activation_function", "Tanh").rpartition(".")[2]
    if activation not in ACTIVATIONS or config.get("use_residual"):
        raise ValueError(f"{folder} of this checkpoint is a layer of a kind that is not supported")
    if (path := path_of(inner(folder, "model.safetensors"))) is None:
        raise ValueError(f"{folder} of this checkpoint has no weights as model.safetensors")
    weights = load_file(path)
    return Dense(weights["linear.weight"], weights.get("linear.bias", 0.0), activation)
