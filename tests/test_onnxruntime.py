"""ONNX Runtime: its providers, its precisions, and which calls its graphs accept."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hardware.onnxruntime import providers
from hardware.onnxruntime.graphs import OnnxGraph
from hf_skillset_runtime.testing.tiny_checkpoint import build_for_task
from hf_skillset_templates.registry.store.paths import TINY
from hf_skillset_templates.source_skillset import source_skillset

onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")
TASK = "text-classification"
PLATFORMS = ("cpu", "onnxruntime")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny BERT."""
    folder = tmp_path_factory.mktemp("bert")
    return build_for_task(source_skillset("bert")(), TASK, TINY / "bert", folder)


def opened(checkpoint: Path, platform: str, folder: Path, **metadata: Any) -> Any:
    """The handler of the tiny BERT on a platform."""
    skillset = source_skillset("bert", PLATFORMS)(metadata={"export_dir": str(folder), **metadata})
    return getattr(skillset, f"init_{platform}")(str(checkpoint), task=TASK).handler


def scores(handler: Any) -> list[float]:
    """What a handler answers two texts."""
    return [answer[0]["score"] for answer in handler(["a small boat", "the library"])["result"]]


@pytest.mark.filterwarnings("ignore:Specified provider")
def test_a_provider_without_its_device_is_not_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    """A build with CUDA's provider on a machine without its device or libraries."""
    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this build has the provider")
    built = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: built)
    labels = [device.label for device in providers.provider_devices()]
    assert labels == ["CPUExecutionProvider"]
    with pytest.raises(ValueError, match="no device 'CUDAExecutionProvider'"):
        source_skillset("bert", PLATFORMS).platform("onnxruntime").require("CUDAExecutionProvider")


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("CPUExecutionProvider", ["CPUExecutionProvider"]),
        (
            "TensorrtExecutionProvider:1",
            [
                ("TensorrtExecutionProvider", {"device_id": 1}),
                ("CUDAExecutionProvider", {"device_id": 1}),
                "CPUExecutionProvider",
            ],
        ),
        ("CoreMLExecutionProvider", ["CoreMLExecutionProvider", "CPUExecutionProvider"]),
    ],
)
def test_what_a_provider_leaves_runs_on_the_next(label: str, expected: list[Any]) -> None:
    assert providers.provider_list(label) == expected


@pytest.mark.parametrize(
    ("shapes", "accepted"),
    [
        ({"ids": (2, 7), "mask": (2, 7)}, True),
        ({"ids": (2, 7), "mask": (2, 9)}, False),
        ({"ids": (2, 7), "mask": (2, 7), "pixels": (2, 3)}, True),
        ({"ids": (2, 7), "mask": (2, 7), "pixels": (2, 4)}, False),
        ({"ids": (2, 7), "mask": (2, 7), "absent": (1,)}, True),
    ],
)
def test_equal_names_of_dimensions_are_equal_sizes(
    shapes: dict[str, tuple[int, ...]], accepted: bool
) -> None:
    graph = OnnxGraph.__new__(OnnxGraph)
    graph.dimensions = {"ids": ["b", "s"], "mask": ["b", "s"], "pixels": ["b", 3]}
    assert graph.accepts(shapes) is accepted


def test_the_second_start_exports_nothing(checkpoint: Path, tmp_path: Path) -> None:
    first = scores(opened(checkpoint, "onnxruntime", tmp_path))
    stored = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    assert scores(opened(checkpoint, "onnxruntime", tmp_path)) == first
    assert stored == {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*") if p.is_file()}
    assert any(path.name == "graph.onnx" for path in stored)


@pytest.mark.parametrize(
    ("precision", "near", "smaller"), [("f16", 5e-3, 1.9), ("int8", 2e-2, 3.5), ("int4", 1e-1, 1.5)]
)
def test_a_precision_is_near_float32_and_stores_less(
    checkpoint: Path, tmp_path: Path, precision: str, near: float, smaller: float
) -> None:
    exact = scores(opened(checkpoint, "cpu", tmp_path))
    whole = opened(checkpoint, "onnxruntime", tmp_path / "f32")
    rough = opened(checkpoint, "onnxruntime", tmp_path / precision, precision=precision)
    assert scores(rough) == pytest.approx(exact, abs=near)
    assert scores(rough) != exact
    assert rough.endpoint.exported.share_in_graphs() == 1.0
    assert scores(whole) == pytest.approx(exact, abs=1e-5)
    sizes = [size_of(tmp_path / name) for name in ("f32", precision)]
    assert sizes[0] > smaller * sizes[1]


def size_of(folder: Path) -> int:
    """Bytes of the weights of the graphs in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("graph.onnx.data"))


def test_an_unknown_precision_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="use one of: f32, f16, int8, int4"):
        opened(checkpoint, "onnxruntime", tmp_path, precision="fp8")


def test_progress_of_an_export_is_not_in_the_output(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    opened(checkpoint, "onnxruntime", tmp_path)
    assert capsys.readouterr().out == ""


def test_a_cache_stays_where_the_provider_wrote_it() -> None:
    torch = pytest.importorskip("torch")
    from transformers.cache_utils import DynamicCache
    from transformers.modeling_outputs import CausalLMOutputWithPast

    from hardware.onnxruntime.graphs import on_host

    elsewhere = torch.ones(1, 2, 3, 4, device="meta")  # stands for a device's memory
    cache = DynamicCache()
    cache.update(elsewhere, elsewhere, 0)
    given = CausalLMOutputWithPast(logits=torch.ones(1), past_key_values=cache)
    moved = on_host(given)
    assert moved.past_key_values.layers[0].keys.device.type == "meta"
    with pytest.raises(NotImplementedError, match="meta"):
        on_host(CausalLMOutputWithPast(logits=elsewhere))
    assert on_host((SimpleNamespace(),))  # what is no tensor is kept
