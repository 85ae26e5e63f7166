# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""Whether a platform computes what the CPU computes in float32.

The outputs of the model are compared before decoding: element by element, or,
where a platform quantizes, by their signal-to-noise ratio. Generation is compared step
by step with the same prefix tokens on both sides. Decoded results are compared after that.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .differences import differences
from .measure import Deviation, Pair, agreement, deviation
from .outputs import STEP, encode, forward_outputs, step_scores
from .ties import texts, untied
from .variants import variant

if TYPE_CHECKING:
    from ..serving.endpoint import EndpointHandler
    from ..tasks.encoded import Encoded

EVIDENCE = 2
"""Version of the measurement rules. Version 1 compared decoded results of insensitive models."""
INPUTS_WHERE_QUANTIZED = 8
LARGEST = 1e9
"""Written instead of an infinite error, which JSON cannot represent."""
LOWEST_AGREEMENT = 0.5
"""Share of choices (labels, tokens) in which a quantizing platform must agree with the CPU."""


@dataclass(frozen=True)
class Verdict:
    """Whether a platform agrees with the CPU, and how far it deviates."""

    deviation: Deviation
    tolerance: float
    same_choices: int
    """Number of equal choices (labels, tokens), out of `choices`."""
    choices: int
    problem: str = ""
    """How they disagree; empty if they agree."""
    tie: str = ""
    """Decoded results that differ although the outputs agree; empty if none do."""

    def record(self) -> dict[str, Any]:
        """The fields that a registry entry stores; JSON-compatible."""
        measured = self.deviation
        fields: dict[str, Any] = {"compared": measured.compared, "tolerance": self.tolerance}
        if self.unmeasured:
            fields["unmeasured"] = self.unmeasured
        else:
            fields |= {
                "max_error": min(measured.max_error, LARGEST),
                "relative_error": min(measured.relative_error, LARGEST),
                "cosine": measured.cosine,
                "snr": measured.snr,
            }
        if self.choices:
            fields["choices"] = [self.same_choices, self.choices]
        return {**fields, **({"tie": self.tie} if self.tie else {})}

    @property
    def unmeasured(self) -> str:
        """Why no error was measured; empty if numbers were compared."""
        return (
            ""
            if self.deviation.compared or self.problem
            else "the model returns tokens or codes only"
        )


@dataclass
class Evidence:
    """The outputs of both sides for some inputs."""

    handler: EndpointHandler
    reference: EndpointHandler
    pairs: list[Pair]

    def add(self, call: Encoded, reference_call: Encoded) -> None:
        """Run one call on both platforms."""
        if self.handler.spec.run == "generate":
            expected = step_scores(self.reference, reference_call)
            actual = expected and step_scores(self.handler, call, expected[1])
            if expected and actual:
                self.pairs.append((actual[0], expected[0]))
                return
        self.pairs.append(
            (forward_outputs(self.handler, call), forward_outputs(self.reference, reference_call))
        )

    def add_items(self, items: list[Any]) -> None:
        """Run the calls for several inputs together on both platforms."""
        calls, references = encode(self.handler, items), encode(self.reference, items)
        for one, other in zip(calls, references, strict=True):
            self.add(one, other)

    def add_variants(self, items: list[Any], count: int) -> None:
        """Run variants of the samples until there are `count` calls."""
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
    """Run the same inputs on a platform and on the CPU in float32, one by one and as a batch.

    Args:
        items: different inputs of the task.
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
    measured = deviation(evidence.pairs)
    same, choices = agreement(evidence.pairs)
    problem = (
        inexact(measured, tolerance)
        if lowest is None
        else too_noisy(measured, same, choices, lowest)
    )
    tie = ""
    if not problem:
        equal = measured.compared == 0 or (lowest is None and measured.max_error == 0)
        problem, tie = decoded_verdict(handler, reference, items, tolerance, equal, lowest is None)
    return Verdict(measured, tolerance, same, choices, problem, tie)


def inexact(measured: Deviation, tolerance: float) -> str:
    """How outputs differ by more than rounding; empty if they do not."""
    if measured.mismatch:
        return measured.mismatch
    if not measured.relative_error <= tolerance:
        return (
            f"{measured.worst} is off by {measured.max_error:.1e}"
            f" ({measured.relative_error:.1e} relative; tolerance {tolerance:.0e})"
        )
    return f"{measured.wrong_integers} integers differ" if measured.wrong_integers else ""


def too_noisy(measured: Deviation, same: int, choices: int, lowest: float) -> str:
    """How outputs differ by more than quantization noise; empty if they do not."""
    if measured.mismatch:
        return measured.mismatch
    if not (measured.cosine >= lowest and measured.snr >= noise_limit(lowest)):
        return (
            f"outputs have a cosine of {measured.cosine:.4f} (at least {lowest}) and"
            f" {measured.snr:.1f} dB of signal to noise; {same} of {choices} choices agree"
        )
    if same < LOWEST_AGREEMENT * choices:
        return f"only {same} of {choices} choices agree (cosine {measured.cosine:.4f})"
    return ""


def noise_limit(cosine: float) -> float:
    """The signal-to-noise ratio (decibels) that corresponds to a cosine similarity (0..1)."""
    return -10 * math.log10(1 / cosine**2 - 1)


def decoded_verdict(
    handler: EndpointHandler,
    reference: EndpointHandler,
    items: list[Any],
    tolerance: float,
    equal: bool,
    exact: bool,
) -> tuple[str, str]:
    """Errors of the results for the inputs one by one and as a batch, and ties.

    Args:
        equal: the outputs are equal, so that every difference of results is an error.
        exact: the platform computes in floating point, so that labels may tie as tokens do. If it
            quantizes, `too_noisy` counts the labels.
    """
    parameters, ties = handler.spec.sample_params, []
    for inputs in (*([item] for item in items), items):
        result = handler(inputs, **parameters)["result"]
        expected = reference(inputs, **parameters)["result"]
        decoded = differences(result, expected, tolerance)
        if decoded and equal:
            return f"the outputs are equal, the results are not: {'; '.join(decoded)}", ""
        if not decoded:
            continue
        evidence = Evidence(handler, reference, [])
        evidence.add_items(inputs)
        stepwise = any(name.startswith(STEP) for _, outputs in evidence.pairs for name in outputs)
        close, apart = untied(evidence.pairs) if stepwise or exact else (0, [])
        if apart:
            return f"{apart[0]}; {decoded[0]}", ""
        if stepwise and not close and greedy(handler, inputs) and texts(result) != texts(expected):
            return f"the tokens are equal, the results are not: {'; '.join(decoded)}", ""
        ties.append(f"{close} choices within the error; {decoded[0]}")
    return "", ties[0] if ties else ""


def greedy(handler: EndpointHandler, inputs: list[Any]) -> bool:
    """Whether decoding is greedy: no beams and no sampling."""
    return all(
        handler.platform.streams(handler.endpoint, handler.spec, part)
        and not part.generate_kwargs.get("do_sample")
        for part in encode(handler, inputs)
    )
