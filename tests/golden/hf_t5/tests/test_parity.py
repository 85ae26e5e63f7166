"""Every platform that is here gives what CPU gives in float32; the error is printed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import pytest
from conftest import known_failure

from hf_t5 import MODEL_REGISTRY
from hf_t5.parity import compare
from hf_t5.platforms import discover

ENTRY = MODEL_REGISTRY["t5"]
PLATFORMS = [name for name in discover() if name != "cpu"]


@pytest.mark.parametrize("kind", ["single", "batched"])
@pytest.mark.parametrize("task", list(ENTRY["tasks"]))
@pytest.mark.parametrize("platform", PLATFORMS)
def test_result_is_that_of_the_cpu(
    open_cell: Callable[[str, str], Any],
    parity_log: list[Any],
    record_property: Callable[[str, Any], None],
    platform: str,
    task: str,
    kind: str,
) -> None:
    cell, reference = open_cell(platform, task), open_cell("cpu", task)
    inputs = cell.samples if kind == "batched" else cell.samples[0]
    facts = ENTRY["platforms"][platform]
    verdict = compare(cell.opened.handler, reference.opened.handler, inputs, facts)
    record_property("parity", asdict(verdict))
    parity_log.append((platform, task, kind, verdict.error))
    if verdict.tie:
        pytest.xfail(f"tie: {verdict.tie}")
    if verdict.problem and (known := known_failure(platform, task)):
        pytest.xfail(f"known: {known['error']}")
    assert not verdict.problem
