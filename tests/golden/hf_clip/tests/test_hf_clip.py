"""The contract that every skillset keeps, for each of its platforms and tasks."""

from __future__ import annotations

import asyncio
import inspect
import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from hf_clip import MODEL_REGISTRY, detect_hardware
from hf_clip import (
    hf_clip as Skillset,
)
from hf_clip.platforms import (
    Detection,
    HardwareUnavailableError,
    discover,
)

PACKAGE = "hf_clip"
MODEL_TYPE = "clip"
TASKS = list(MODEL_REGISTRY[MODEL_TYPE]["tasks"])
CELLS = [(platform, task) for platform in discover() for task in TASKS]

OpenCell = Callable[[str, str], Any]
each_cell = pytest.mark.parametrize(("platform", "task"), CELLS)
each_platform = pytest.mark.parametrize("platform", list(discover()))


def test_importing_needs_no_torch() -> None:
    code = f"import sys, {PACKAGE}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@each_cell
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
    assert (answer["model_type"], answer["task"]) == (MODEL_TYPE, task)


@each_cell
def test_batch_gives_what_single_inputs_give(open_cell: OpenCell, platform: str, task: str) -> None:
    cell = open_cell(platform, task)
    batched = cell.run(cell.samples)
    assert len(batched) == len(cell.samples)
    cell.assert_equal(batched, [cell.run(sample) for sample in cell.samples])


@each_cell
def test_same_input_gives_same_result(open_cell: OpenCell, platform: str, task: str) -> None:
    cell = open_cell(platform, task)
    cell.assert_equal(cell.run(cell.samples[0]), cell.run(cell.samples[0]), tolerance=1e-12)


@each_cell
def test_initializer_gives_the_promised_five(open_cell: OpenCell, platform: str, task: str) -> None:
    opened = open_cell(platform, task).opened
    endpoint, _processor, handler, queue, batch_size = opened
    assert endpoint is not None
    assert callable(handler)
    assert isinstance(queue, asyncio.Queue) and queue.maxsize == 32
    assert batch_size >= 1


@each_cell
def test_factory_makes_an_equal_handler(open_cell: OpenCell, platform: str, task: str) -> None:
    cell = open_cell(platform, task)
    name = f"create_{platform}_{cell.spec.handler_name}_endpoint_handler"
    factory = getattr(Skillset(), name)
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


@each_cell
def test_self_test_verifies_the_cell(open_cell: OpenCell, platform: str, task: str) -> None:
    cell = open_cell(platform, task)
    record = Skillset().__test__(cell.checkpoint, cell.opened.handler, platform)
    assert record.status in ("REAL", "EMULATED"), record.detail


@each_cell
def test_wrong_input_is_refused(open_cell: OpenCell, platform: str, task: str) -> None:
    cell = open_cell(platform, task)
    with pytest.raises((TypeError, ValueError)):
        cell.run(object())
    with pytest.raises(TypeError, match="no parameter 'nonsense'"):
        cell.run(cell.samples[0], nonsense=1)
    with pytest.raises(ValueError, match="empty list"):
        cell.run([])


@each_platform
def test_unknown_device_is_refused(platform: str) -> None:
    initialise = getattr(Skillset(), f"init_{platform}")
    with pytest.raises((ValueError, HardwareUnavailableError)):
        initialise("unused", device="no-such-device")


@each_platform
def test_missing_platform_raises_unless_a_fallback_is_named(
    platform: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = discover()[platform]
    missing = type(module.PLATFORM.detect())(False, "taken away by this test")
    monkeypatch.setattr(type(module.PLATFORM), "detect", lambda self: missing)
    with pytest.raises(HardwareUnavailableError, match="taken away by this test"):
        getattr(Skillset(), f"init_{platform}")("unused")


def test_stand_in_is_no_platform() -> None:
    assert "mock" not in discover()
    assert not hasattr(Skillset, "init_mock")
    with pytest.raises(ValueError, match="no platform 'abacus'"):
        with_missing_platforms({"fallback": ["abacus"]})


def test_stand_in_is_used_only_where_it_is_named() -> None:
    for metadata in ({}, {"fallback": []}, {"fallback": ["cpu"]}):
        with pytest.raises(HardwareUnavailableError, match="taken away by this test"):
            with_missing_platforms(metadata)
    answer = with_missing_platforms({"fallback": ["cpu", "mock"]})
    assert answer["implementation_type"] == answer["device"].upper() == "MOCK"
    described = MODEL_REGISTRY[MODEL_TYPE]["output"]["tensors"]
    assert list(answer["result"]) == list(described)
    for name, array in answer["result"].items():
        assert array.ndim == len(described[name]["shape"])


def test_stand_in_needs_numpy_alone() -> None:
    code = f"""
import sys
sys.modules.update(torch=None, transformers=None)
import {PACKAGE}
skillset = {PACKAGE}.{Skillset.__name__}(metadata=dict(fallback=["mock"]))
print(skillset.init_cpu("unused").handler.platform.name)
"""
    if "tensors" not in MODEL_REGISTRY[MODEL_TYPE].get("output", {}):
        pytest.skip("the registry entry describes no outputs")
    command = [sys.executable, "-c", code]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.stdout == "mock\n", finished.stderr


def with_missing_platforms(metadata: dict[str, Any]) -> dict[str, Any]:
    """The answer of the primary task where every platform is missing."""
    if "tensors" not in MODEL_REGISTRY[MODEL_TYPE].get("output", {}):
        pytest.skip("the registry entry describes no outputs")
    with pytest.MonkeyPatch.context() as patch:
        for module in discover().values():
            missing = Detection(False, "taken away by this test")
            patch.setattr(type(module.PLATFORM), "detect", lambda _self, missing=missing: missing)
        handler = Skillset(metadata=metadata).init_cpu("unused").handler
        return handler("anything", **handler.spec.sample_params)


def test_hardware_is_shown_as_json() -> None:
    command = [sys.executable, "-m", PACKAGE, "--hardware", "--json", "-"]
    shown = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert list(shown) == list(detect_hardware())
    assert shown["cpu"]["available"] and shown["cpu"]["devices"][0]["total_memory"] > 0
    assert all(detection["available"] or detection["reason"] for detection in shown.values())


def test_missing_checkpoint_is_refused(tmp_path: Any) -> None:
    with pytest.raises(OSError):
        Skillset().init_cpu(str(tmp_path / "nothing-here"))


def test_unknown_names_are_refused_with_what_there_is() -> None:
    with pytest.raises(ValueError, match="it has: "):
        Skillset().task("no-such-task")
    with pytest.raises(AttributeError, match="platforms .*cpu"):
        Skillset().init_abacus("unused")


def test_command_line_reports_each_cell(checkpoint: Callable[[str], str]) -> None:
    command = [sys.executable, "-m", PACKAGE, "--platform", "cpu", "--task", TASKS[0]]
    command += ["--model", checkpoint(TASKS[0]), "--json", "-"]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    (record,) = json.loads(finished.stdout)
    assert (record["status"], record["task"]) == ("REAL", TASKS[0])
