# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""Contract tests of every skillset, for each of its platforms and tasks.

A package's tests import all of it: `from hf_bert._runtime.testing.contract import *`.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import pytest

from ..compare.differences import differences
from ..compare.parity import compare
from ..platforms.base import Detection, HardwareUnavailableError
from ..self_test.checks import is_rounding
from ..serving.endpoint import EndpointHandler
from ..skillset import Skillset
from .fixtures import CommandLine, expect_failure, expect_no_proof, known_failure

MISSING = Detection(False, "taken away by this test")
OpenCell = Callable[[str, str], Any]


def test_importing_needs_no_torch_and_loads_no_platform(skillset_class: type[Skillset]) -> None:
    package = skillset_class.package
    code = (
        f"import sys, {package}; print([m for m in sys.modules if m == 'torch' or '.handler' in m])"
    )
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert finished.stdout == "[]\n", finished.stderr


def test_handler_gives_the_promised_dict(open_cell: OpenCell, platform: str, task: str) -> None:
    cell = open_cell(platform, task)
    answer = cell.opened.handler(cell.samples[0], **cell.spec.sample_params)
    assert set(answer) == {
        "result",
        "implementation_type",
        "device",
        "hardware_label",
        "model_type",
        "task",
        "elapsed_s",
    }
    assert answer["implementation_type"] in ("REAL", "EMULATED")
    assert (answer["model_type"], answer["task"]) == (cell.opened.handler.model_type, task)


def test_batch_gives_what_single_inputs_give(open_cell: OpenCell, platform: str, task: str) -> None:
    cell = open_cell(platform, task)
    batched = cell.run(cell.samples)
    assert len(batched) == len(cell.samples)
    single = [cell.run(sample) for sample in cell.samples]
    handler = cell.opened.handler
    problems = differences(batched, single, cell.spec.tolerance)
    rounding = problems and handler.platform.reference and is_rounding(handler, cell.samples)
    assert not problems or rounding, "\n".join(problems)


def test_same_input_gives_same_result(open_cell: OpenCell, platform: str, task: str) -> None:
    cell = open_cell(platform, task)
    cell.assert_equal(cell.run(cell.samples[0]), cell.run(cell.samples[0]), tolerance=1e-12)


def test_initializer_gives_the_promised_five(open_cell: OpenCell, platform: str, task: str) -> None:
    opened = open_cell(platform, task).opened
    endpoint, _processor, handler, queue, batch_size = opened
    assert endpoint is not None
    assert callable(handler)
    assert isinstance(queue, asyncio.Queue) and queue.maxsize == 32
    assert batch_size >= 1


def test_factory_makes_an_equal_handler(
    skillset_class: type[Skillset], open_cell: OpenCell, platform: str, task: str
) -> None:
    cell = open_cell(platform, task)
    name = f"create_{platform}_{cell.spec.handler_name}_endpoint_handler"
    factory = getattr(skillset_class(), name)
    assert list(inspect.signature(factory).parameters) == [
        "endpoint_model",
        "device",
        "hardware_label",
        "endpoint",
        "tokenizer",
    ]
    device = cell.opened.handler.device
    handler = factory(cell.checkpoint, device, "lab", cell.opened.endpoint, cell.opened.processor)
    answer = handler(cell.samples[0], **cell.spec.sample_params)
    assert answer["hardware_label"] == "lab"
    cell.assert_equal(answer["result"], cell.run(cell.samples[0]))


def test_self_test_verifies_the_cell(
    skillset_class: type[Skillset], open_cell: OpenCell, platform: str, task: str
) -> None:
    cell = open_cell(platform, task)
    record = skillset_class().__test__(cell.checkpoint, cell.opened.handler, platform)
    assert record.status in ("REAL", "EMULATED"), record.detail


def test_wrong_input_is_refused(open_cell: OpenCell, platform: str, task: str) -> None:
    cell = open_cell(platform, task)
    with pytest.raises((TypeError, ValueError)):
        cell.run(object())
    with pytest.raises(TypeError, match="no parameter 'nonsense'"):
        cell.run(cell.samples[0], nonsense=1)
    with pytest.raises(ValueError, match="empty list"):
        cell.run([])


def test_unknown_device_is_refused(skillset_class: type[Skillset], platform: str) -> None:
    initialise = getattr(skillset_class(), f"init_{platform}")
    with pytest.raises((ValueError, HardwareUnavailableError)):
        initialise("unused", device="no-such-device")


def test_missing_platform_raises_unless_a_fallback_is_named(
    skillset_class: type[Skillset], platform: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(skillset_class.platform(platform), "detect", lambda: MISSING)
    with pytest.raises(HardwareUnavailableError, match="taken away by this test"):
        getattr(skillset_class(), f"init_{platform}")("unused")


def test_mock_is_no_platform(skillset_class: type[Skillset]) -> None:
    assert "mock" not in skillset_class.registry["platforms"]
    assert not hasattr(skillset_class, "init_mock")
    with pytest.raises(ValueError, match="unknown platform 'abacus'"):
        without_platforms(skillset_class, {"fallback": ["abacus"]})


def test_mock_is_used_only_where_it_is_named(skillset_class: type[Skillset]) -> None:
    unnamed: list[dict[str, Any]] = [{}, {"fallback": []}, {"fallback": ["cpu"]}]
    for metadata in unnamed:
        with pytest.raises(HardwareUnavailableError, match="taken away by this test"):
            without_platforms(skillset_class, metadata)
    answer = without_platforms(skillset_class, {"fallback": ["cpu", "mock"]})
    assert answer["implementation_type"] == answer["device"].upper() == "MOCK"
    described = skillset_class.registry["output"]["tensors"]
    assert list(answer["result"]) == list(described)
    for name, array in answer["result"].items():
        assert array.ndim == len(described[name]["shape"])


def test_mock_needs_numpy_alone(skillset_class: type[Skillset]) -> None:
    skip_without_outputs(skillset_class)
    code = f"""
import sys
sys.modules.update(torch=None, transformers=None)
from {skillset_class.__module__} import {skillset_class.__name__} as Skillset
skillset = Skillset(metadata=dict(fallback=["mock"]))
print(skillset.init_cpu("unused").handler.platform.name)
"""
    command = [sys.executable, "-c", code]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.stdout == "mock\n", finished.stderr


def skip_without_outputs(skillset_class: type[Skillset]) -> None:
    """Skip if the registry entry does not describe the outputs, which a mock needs."""
    if "tensors" not in skillset_class.registry.get("output", {}):
        pytest.skip("the registry entry describes no outputs")


def without_platforms(skillset_class: type[Skillset], metadata: dict[str, Any]) -> dict[str, Any]:
    """The result of the primary task if every platform is missing."""
    skip_without_outputs(skillset_class)
    with pytest.MonkeyPatch.context() as patch:
        for platform in skillset_class.platforms().values():
            patch.setattr(platform, "detect", lambda: MISSING)
        handler: EndpointHandler = skillset_class(metadata=metadata).init_cpu("unused").handler
        return handler("anything", **handler.spec.sample_params)


def test_hardware_is_shown_as_json(
    skillset_class: type[Skillset], command_line: CommandLine
) -> None:
    shown = json.loads(command_line("--hardware", "--json", "-"))
    assert list(shown) == list(skillset_class.registry["platforms"])
    assert shown["cpu"]["available"] and shown["cpu"]["devices"][0]["total_memory"] > 0
    assert all(detection["available"] or detection["reason"] for detection in shown.values())


def test_missing_checkpoint_is_refused(skillset_class: type[Skillset], tmp_path: Any) -> None:
    with pytest.raises(OSError):
        skillset_class().init_cpu(str(tmp_path / "nothing-here"))


def test_unknown_names_are_refused_with_what_there_is(skillset_class: type[Skillset]) -> None:
    with pytest.raises(ValueError, match="it has: "):
        skillset_class().task("no-such-task")
    with pytest.raises(AttributeError, match=r"platforms .*cpu"):
        skillset_class().init_abacus("unused")


def test_command_line_reports_each_cell(
    skillset_class: type[Skillset], checkpoint: Callable[[str], str], command_line: CommandLine
) -> None:
    task = skillset_class().task().name
    cell = ("--platform", "cpu", "--task", task)
    (record,) = json.loads(command_line(*cell, "--model", checkpoint(task), "--json", "-"))
    assert (record["status"], record["task"]) == ("REAL", task)


def test_outputs_equal_the_reference(
    skillset_class: type[Skillset],
    open_cell: OpenCell,
    parity_log: list[Any],
    record_property: Callable[[str, Any], None],
    other_platform: str,
    task: str,
) -> None:
    cell, reference = open_cell(other_platform, task), open_cell("cpu", task)
    facts = skillset_class.registry["platforms"][other_platform]
    verdict = compare(cell.opened.handler, reference.opened.handler, cell.samples, facts)
    record_property("parity", asdict(verdict))
    parity_log.append((other_platform, task, verdict))
    if failure := known_failure(skillset_class, other_platform, task):
        expect_failure(other_platform, task, failure, verdict.problem)
    expect_no_proof(skillset_class, other_platform, task, verdict.problem)
    assert not verdict.problem


def test_the_platform_itself_computes(open_cell: OpenCell, other_platform: str, task: str) -> None:
    handler = open_cell(other_platform, task).opened.handler
    evidence = handler.platform.evidence(handler)
    assert not evidence.get("problem"), evidence
