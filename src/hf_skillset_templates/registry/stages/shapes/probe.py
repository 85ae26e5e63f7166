"""Runs one task of a tiny model at any size of its sample."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from hf_skillset_runtime.tasks.samples import resolve_sample
from hf_skillset_templates.registry.stages.bench import Bench

from .sized_samples import repeated, scaled
from .tensors import Tensors, tensors

BATCHES = (1, 2, 3)

NEW_TOKENS = (4, 5, 6)

LABELS = (3, 4, 5)


@dataclass(frozen=True)
class Setting:
    """The sizes of one run: how much the sample grows along each axis, and numbers."""

    scales: dict[str, float] = field(default_factory=dict)
    batch: int = BATCHES[0]
    new_tokens: int = NEW_TOKENS[0]
    labels: int = LABELS[0]


@dataclass(frozen=True)
class Run:
    """The tensors that the model was given and gave back in one run."""

    setting: Setting
    inputs: Tensors
    outputs: Tensors


class Probe:
    """One task with the tiny model, ready to be run at any size."""

    def __init__(self, bench: Bench, task: str) -> None:
        opened = bench.open(task)
        self.model, self.processor = opened.endpoint, opened.processor
        self.spec, self.platform = opened.handler.spec, opened.handler.platform
        self.sample = self.spec.samples[0]
        self.counts_tokens = self.spec.run == "generate" and generates_as_told(self.model)

    def parameters(self, setting: Setting) -> dict[str, Any]:
        """The sample's handler parameters at the setting's sizes."""
        given = dict(self.spec.sample_params)
        if "max_new_tokens" in given:
            given["max_new_tokens"] = setting.new_tokens
        if "candidate_labels" in given:
            words = ["thing", "of", "kind"]
            label = " ".join(repeated(words, setting.scales.get("text", 1.0)))
            given["candidate_labels"] = [f"{label} {i}" for i in range(setting.labels)]
        return given

    def run(self, setting: Setting) -> tuple[Tensors, Tensors]:
        """The model's named input and output tensors at the setting's sizes."""
        item = resolve_sample(
            scaled(self.sample, setting.scales), self.processor, self.spec.sample_folder
        )
        parameters, _ = self.spec.parameters(self.parameters(setting))
        encoded = self.spec.module.encode(
            [item] * setting.batch, self.processor, self.model.config, **parameters
        )
        first = encoded[0] if isinstance(encoded, list) else encoded
        if self.counts_tokens:
            options = {**first.generate_kwargs, **exact_length(setting.new_tokens)}
            try:
                return self.call(replace(first, generate_kwargs=options))
            except ValueError:  # what it generates knows no end token
                self.counts_tokens = False
        return self.call(first)

    def call(self, encoded: Any) -> tuple[Tensors, Tensors]:
        """The tensors that go in and come out."""
        outputs = self.platform.run(self.model, self.spec, encoded)
        return tensors(encoded.inputs), tensors(outputs)

    @property
    def names_new_tokens(self) -> bool:
        """Whether the number of generated tokens can be changed."""
        return self.counts_tokens or "max_new_tokens" in self.spec.sample_params


def generates_as_told(model: Any) -> bool:
    """Whether a model generates one token after the other, in transformers' own loop."""
    from transformers import GenerationMixin

    return getattr(type(model), "generate", None) is GenerationMixin.generate


def exact_length(new_tokens: int) -> dict[str, Any]:
    """Options of `generate` with which no end token ends a text: its longest form is measured."""
    return {"max_new_tokens": new_tokens, "min_new_tokens": new_tokens}
