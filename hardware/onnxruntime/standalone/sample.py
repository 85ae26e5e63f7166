"""The task's first sample: what the model takes and gives, once the graphs have run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

from hf_skillset_runtime.compare.outputs import numbers
from hf_skillset_runtime.export.calls import has_past
from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.samples import sample_inputs
from hf_skillset_runtime.tasks.spec import TaskSpec

NEW_TOKENS = 20
GREEDY = {
    "max_new_tokens": NEW_TOKENS,
    "do_sample": False,
    "num_beams": 1,
    "repetition_penalty": 1.0,
    "no_repeat_ngram_size": 0,
    "min_length": 0,
    "forced_bos_token_id": None,
    "forced_eos_token_id": None,
}
"""Options of `generate` under which it takes the most probable token at each step."""


@dataclass(frozen=True)
class Subject:
    """A loaded model whose graphs are exported, and its task."""

    run: Callable[[Any, TaskSpec, Encoded], dict[str, Any]]
    """Runs the model on encoded inputs, in graphs."""
    model: Any
    spec: TaskSpec
    processor: Any
    exact: bool
    """Whether the graphs are compared with torch; if not, a folder is compared with them."""

    def encoded(self, items: list[Any]) -> Encoded | list[Encoded]:
        """The calls of the model for a batch; those of `generate` are greedy."""
        parameters, _ = self.spec.parameters(self.spec.sample_params)
        encode, config = self.spec.module.encode, self.model.config
        calls: Encoded | list[Encoded] = encode(items, self.processor, config, **parameters)
        return calls

    def outputs(self, part: Encoded) -> dict[str, Any]:
        """What the model gives for one call."""
        if self.spec.run == "generate":
            part = replace(part, generate_kwargs={**part.generate_kwargs, **GREEDY})
        return self.run(self.model, self.spec, part)

    def answer(self, outputs: Mapping[str, Any], encoded: Encoded | list[Encoded]) -> Any:
        """The task's result for a batch of one: a vector, the best label, or what it is."""
        _, parameters = self.spec.parameters(self.spec.sample_params)
        given = [outputs] if isinstance(encoded, list) else outputs
        decode, config = self.spec.module.decode, self.model.config
        result = decode(given, encoded, self.processor, config, **parameters)[0]
        if isinstance(result, dict):
            return result.get("embedding", result)
        return result[0] if isinstance(result, list) and isinstance(result[0], dict) else result


@dataclass(frozen=True)
class Sample:
    """One sample, as a batch of one, and what the model gives for it."""

    value: Any
    """The sample as a caller passes it."""
    inputs: Mapping[str, Any]
    """The model's named arrays."""
    outputs: Mapping[str, Any]
    """Its outputs by the names in graphs."""
    answer: Any
    """The task's result; None for generated texts."""
    text: Text | None
    """What the decoder was given; None if it generates no text."""


def first_sample(subject: Subject) -> Sample:
    """Run the samples so that their graphs are exported, and the first one for comparison.

    Raises:
        NotImplementedError: the task calls the model several times for one input.
        ValueError: the first sample's text ends at once.
    """
    spec = subject.spec
    samples = sample_inputs(spec, subject.processor)
    batches = [[samples[0]] * 2] if spec.pads else []
    for batch in [*batches, *([sample] for sample in samples)]:
        for part in parts_of(subject.encoded(batch)):
            subject.outputs(part)
    encoded = subject.encoded(samples[:1])
    part, *others = parts_of(encoded)
    if others:
        raise NotImplementedError(f"{spec.name} calls the model several times for one input")
    compared = subject.model.exported.in_torch() if subject.exact else nullcontext()
    with compared, given_texts(subject.model) as texts:
        outputs = subject.outputs(part)
    generated = [text for text in texts if len(text.tokens) > len(text.start)]
    if spec.run == "generate" and not generated:
        raise ValueError("the model ends the sample's text at once, which proves nothing")
    arrays = {name: np_array(value) for name, value in part.inputs.items() if is_array(value)}
    answer = None if spec.run == "generate" else subject.answer(outputs, encoded)
    text = generated[0] if spec.run == "generate" else None
    return Sample(samples[0], arrays, dict(numbers(outputs)), answer, text)


def parts_of(encoded: Encoded | list[Encoded]) -> list[Encoded]:
    """The calls of the model for a batch."""
    return encoded if isinstance(encoded, list) else [encoded]


def is_array(value: Any) -> bool:
    """Whether an input is an array or a tensor."""
    return hasattr(value, "shape")


def np_array(value: Any) -> Any:
    """An input as a numpy array."""
    import numpy as np

    return np.asarray(value)


@dataclass
class Text:
    """The tokens that a decoder was given while it generated one text."""

    start: list[int]
    """Those of the first call."""
    tokens: list[int]
    """All of them; the last token that the model chose is given to no call."""


@contextmanager
def given_texts(model: Any) -> Iterator[list[Text]]:
    """Collects the texts (first row) of the decoder's calls."""
    texts: list[Text] = []

    def note(_module: Any, _args: Any, named: dict[str, Any]) -> None:
        ids = named.get("decoder_input_ids", named.get("input_ids"))
        if ids is None:
            return
        tokens = ids[0].tolist()
        known = texts[-1].tokens if texts else []
        if has_past(named):
            known += tokens
        elif known and tokens[:-1] == known:  # a model without a cache
            known += tokens[-1:]
        else:
            texts.append(Text(tokens, list(tokens)))

    hook = model.register_forward_pre_hook(note, with_kwargs=True)
    try:
        yield texts
    finally:
        hook.remove()
