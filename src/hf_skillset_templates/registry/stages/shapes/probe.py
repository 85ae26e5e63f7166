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

CHOICES = (2, 3, 4)


@dataclass(frozen=True)
class Setting:
    """The sizes of one run: the factor of each axis of the sample, the batch, and counts."""

    scales: dict[str, float] = field(default_factory=dict)
    batch: int = BATCHES[0]
    new_tokens: int = NEW_TOKENS[0]
    labels: int = LABELS[0]
    choices: int = CHOICES[0]


@dataclass(frozen=True)
class Run:
    """The input and output tensors of the model in one run."""

    setting: Setting
    inputs: Tensors
    outputs: Tensors


class Probe:
    """One task with the tiny model, which runs it at any size."""

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

    def encoded(self, setting: Setting) -> Any:
        """The encoded inputs (`Encoded`) at the setting's sizes."""
        sample = scaled(self.sample, setting.scales)
        if self.has_choices:
            sample = {**sample, "choices": repeated(sample["choices"], setting.choices / 2)}
        item = resolve_sample(sample, self.processor, self.spec.sample_folder)
        parameters, _ = self.spec.parameters(self.parameters(setting))
        encoded = self.spec.module.encode(
            [item] * setting.batch, self.processor, self.model.config, **parameters
        )
        return encoded[0] if isinstance(encoded, list) else encoded

    def run(self, setting: Setting) -> tuple[Tensors, Tensors]:
        """The model's named input and output tensors at the setting's sizes."""
        return self.run_encoded(self.encoded(setting), setting)

    def repeated(self, run: Run, times: int) -> tuple[Tensors, Tensors]:
        """A run with every tensor repeated along its first axis."""
        import torch

        encoded = self.encoded(run.setting)
        rows = {
            name: torch.cat([torch.as_tensor(value)] * times)
            if getattr(value, "shape", ())
            else value
            for name, value in encoded.inputs.items()
        }
        return self.run_encoded(replace(encoded, inputs=rows), run.setting)

    def run_encoded(self, first: Any, setting: Setting) -> tuple[Tensors, Tensors]:
        """The input and output tensors, with the setting's number of tokens if it can be set."""
        if self.counts_tokens:
            options = {**first.generate_kwargs, **exact_length(setting.new_tokens)}
            try:
                return self.call(replace(first, generate_kwargs=options))
            except ValueError:  # generation does not stop at an end token
                self.counts_tokens = False
        return self.call(first)

    def call(self, encoded: Any) -> tuple[Tensors, Tensors]:
        """The model's input and output tensors for one call."""
        outputs = self.platform.run(self.model, self.spec, encoded)
        return tensors(encoded.inputs), tensors(outputs)

    @property
    def has_choices(self) -> bool:
        """Whether the sample contains a list of choices."""
        return isinstance(self.sample, dict) and isinstance(self.sample.get("choices"), list)

    @property
    def names_new_tokens(self) -> bool:
        """Whether the number of generated tokens can be changed."""
        return self.counts_tokens or "max_new_tokens" in self.spec.sample_params


def generates_as_told(model: Any) -> bool:
    """Whether a model generates token by token, in transformers' own loop."""
    from transformers import GenerationMixin

    return getattr(type(model), "generate", None) is GenerationMixin.generate


def exact_length(new_tokens: int) -> dict[str, Any]:
    """Options of `generate` for an exact number of tokens, regardless of end tokens."""
    return {"max_new_tokens": new_tokens, "min_new_tokens": new_tokens}
