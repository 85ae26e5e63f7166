# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
"""Whether a platform computes what the CPU computes in float32.

The outputs of the model are compared before anything is decoded from them: element by element, or,
where a platform quantizes, by what is left of them beside the noise. Generation is compared step
by step with the same tokens behind both sides. What is decoded comes after that.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .differences import differences
from .measure import Deviation, Pair, agreement, deviation
from .outputs import encode, forward_outputs, step_scores
from .variants import variant

if TYPE_CHECKING:
    from ..serving.endpoint import EndpointHandler
    from ..tasks.encoded import Encoded

EVIDENCE = 2
"""Version of the rules of a measurement. 1 compared decoded results of models that hardly react."""
INPUTS_WHERE_QUANTIZED = 8
LARGEST = 1e9
"""Stands for an infinite error, which JSON does not have."""
LOWEST_AGREEMENT = 0.5
"""Share of choices (labels, tokens) that a quantizing platform must make as the CPU does."""


@dataclass(frozen=True)
class Verdict:
    """Whether a platform gives what the CPU gives, and how far it is from that."""

    deviation: Deviation
    tolerance: float
    same_choices: int
    """Choices (labels, tokens) that both make alike, of `choices`."""
    choices: int
    problem: str = ""
    """How they disagree; empty when they agree."""
    tie: str = ""
    """What is decoded differently from outputs that agree; empty where nothing is."""

    def record(self) -> dict[str, Any]:
        """What a registry entry keeps of it; JSON-compatible."""
        found = self.deviation
        kept: dict[str, Any] = {"compared": found.compared, "tolerance": self.tolerance}
        if self.unmeasured:
            kept["unmeasured"] = self.unmeasured
        else:
            kept |= {
                "max_error": min(found.max_error, LARGEST),
                "relative_error": min(found.relative_error, LARGEST),
                "cosine": found.cosine,
                "snr": found.snr,
            }
        if self.choices:
            kept["choices"] = [self.same_choices, self.choices]
        return {**kept, **({"tie": self.tie} if self.tie else {})}

    @property
    def unmeasured(self) -> str:
        """Why there is no error; empty where numbers were compared."""
        return (
            ""
            if self.deviation.compared or self.problem
            else "the model gives tokens or codes alone"
        )


@dataclass
class Evidence:
    """The outputs of both sides for some inputs."""

    handler: EndpointHandler
    reference: EndpointHandler
    pairs: list[Pair]

    def add(self, ours: Encoded, theirs: Encoded) -> None:
        """Run one call on both sides."""
        if self.handler.spec.run == "generate":
            expected = step_scores(self.reference, theirs)
            found = expected and step_scores(self.handler, ours, expected[1])
            if expected and found:
                self.pairs.append((found[0], expected[0]))
                return
        self.pairs.append(
            (forward_outputs(self.handler, ours), forward_outputs(self.reference, theirs))
        )

    def add_items(self, items: list[Any]) -> None:
        """Run the calls for some inputs together on both sides."""
        ours, theirs = encode(self.handler, items), encode(self.reference, items)
        for one, other in zip(ours, theirs, strict=True):
            self.add(one, other)

    def add_variants(self, items: list[Any], count: int) -> None:
        """Run inputs unlike the samples until there are `count`."""
        calls = [
            (one, other)
            for item in items
            for one, other in zip(encode(self.handler, [item]), encode(self.reference, [item]))
        ]
        for seed in range(count - len(self.pairs)):
            one, other = calls[seed % len(calls)]
            self.add(variant(one, seed), variant(other, seed))


def compare(
    handler: EndpointHandler, reference: EndpointHandler, items: list[Any], facts: Mapping[str, Any]
) -> Verdict:
    """Run the same inputs on a platform and on CPU in float32, one by one and together.

    Args:
        items: inputs of the task, unlike each other.
        facts: the platform's `tolerance` and, where it quantizes, `min_cosine`.
    """
    tolerance = max(handler.spec.tolerance, facts["tolerance"])
    lowest = facts.get("min_cosine")
    evidence = Evidence(handler, reference, [])
    for item in items:
        evidence.add_items([item])
    if lowest is None and handler.spec.run == "forward" and handler.pads():
        evidence.add_items(items)
    if lowest is not None:
        evidence.add_variants(items, INPUTS_WHERE_QUANTIZED)
    found = deviation(evidence.pairs)
    same, choices = agreement(evidence.pairs)
    problem = (
        inexact(found, tolerance) if lowest is None else too_noisy(found, same, choices, lowest)
    )
    tie = ""
    if not problem:
        decoded = decoded_differences(handler, reference, items, tolerance)
        if decoded and (found.compared == 0 or (lowest is None and found.max_error == 0)):
            problem = f"the outputs are equal, the results are not: {'; '.join(decoded)}"
        elif decoded:
            tie = f"{choices - same} of {choices} choices differ; {decoded[0]}"
    return Verdict(found, tolerance, same, choices, problem, tie)


def inexact(found: Deviation, tolerance: float) -> str:
    """How outputs differ by more than rounding; empty when they do not."""
    if not found.relative_error <= tolerance:
        return (
            f"{found.worst} is off by {found.max_error:.1e}"
            f" ({found.relative_error:.1e} of its spread; tolerance {tolerance:.0e})"
        )
    return f"{found.wrong_integers} integers differ" if found.wrong_integers else ""


def too_noisy(found: Deviation, same: int, choices: int, lowest: float) -> str:
    """How outputs differ by more than quantization; empty when they do not."""
    if not (found.cosine >= lowest and found.snr >= noise_limit(lowest)):
        return (
            f"outputs have a cosine of {found.cosine:.4f} (at least {lowest}) and"
            f" {found.snr:.1f} dB of signal to noise; {same} of {choices} choices agree"
        )
    if same < LOWEST_AGREEMENT * choices:
        return f"only {same} of {choices} choices agree (cosine {found.cosine:.4f})"
    return ""


def noise_limit(cosine: float) -> float:
    """The signal-to-noise ratio (decibels) of outputs whose noise alone gives this cosine."""
    return -10 * math.log10(1 / cosine**2 - 1)


def decoded_differences(
    handler: EndpointHandler, reference: EndpointHandler, items: list[Any], tolerance: float
) -> list[str]:
    """Where results differ, for the inputs one by one and for all of them together."""
    parameters, problems = handler.spec.sample_params, []
    for inputs in (*items, items):
        found = handler(inputs, **parameters)["result"]
        problems += differences(found, reference(inputs, **parameters)["result"], tolerance)
    return problems
