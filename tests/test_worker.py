"""A worker that knows nothing of us creates, initialises and calls our skillsets."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from worker_replay import Worker

from hf_skillset_runtime.compare.differences import differences
from hf_skillset_runtime.compare.parity import compare
from hf_skillset_runtime.platforms.base import Detection, Device, Platform
from hf_skillset_runtime.tasks.samples import sample_inputs
from hf_skillset_runtime.testing.tiny_checkpoint import build_checkpoint
from hf_skillset_templates.registry.store.platforms import load_platform
from hf_skillset_templates.source_skillset import source_skillset

MODEL_TYPES = (
    *("bert", "t5", "llama", "whisper", "clip", "vit"),
    *("llava", "wav2vec2", "detr", "clap", "qwen2", "xclip"),
)
PLATFORMS = ("cpu", "openvino")
PAIRS = [(model_type, platform) for model_type in MODEL_TYPES for platform in PLATFORMS]


def checkpoint_of(model_type: str, auto_class: str, folder: Path) -> str:
    """A tiny checkpoint."""
    tiny = ROOT / "registry" / "tiny" / model_type
    return str(build_checkpoint(tiny, auto_class, folder / "checkpoint"))


def by_position(spec: Any, sample: Any) -> list[Any]:
    """What a worker calls a handler with: one argument, or several by position."""
    known = {**spec.sample_params, **(sample if isinstance(sample, dict) else {}), "input": sample}
    return [known[name] for name in spec.arguments or ["input"]]


@pytest.mark.parametrize("model_type, platform", PAIRS)
def test_a_worker_gets_the_right_result(model_type: str, platform: str, tmp_path: Path) -> None:
    if platform == "openvino" and importlib.util.find_spec("openvino") is None:
        pytest.skip("openvino is not installed")
    kind = source_skillset(model_type, PLATFORMS)
    options = {"export_dir": str(tmp_path / "exports")}
    spec = kind().task()
    model = checkpoint_of(model_type, spec.auto_class, tmp_path)
    resources: dict[str, Any] = {}
    resources[f"hf_{model_type}"] = kind(resources, options)
    worker = Worker(resources, options)
    handler = worker.open(model, model_type, platform)
    sample = sample_inputs(spec, handler.processor)[0]
    answer = handler(*by_position(spec, sample))
    assert isinstance(answer, dict) and answer["implementation_type"] == "REAL"
    endpoint, _, queue, batch_size = next(iter(worker.endpoints[model].values()))
    assert endpoint is not None and batch_size >= 1 and queue.empty()
    reference = kind(metadata=options).init_cpu(model).handler
    if platform == "cpu":
        named = {k: v for k, v in spec.sample_params.items() if k in spec.arguments}
        expected = reference(sample, **named)["result"]
        assert not differences(answer["result"], expected, 1e-6)
    else:
        assert not compare(handler, reference, [sample], load_platform(platform)).problem


def test_two_arguments_are_a_text_and_a_picture(open_handler: Any) -> None:
    handler = open_handler("llava", "image-text-to-text")
    sample = sample_inputs(handler.spec, handler.processor)[0]
    options = handler.spec.sample_params
    expected = handler(sample, **options)["result"]
    assert handler(sample["text"], sample["images"], **options)["result"] == expected


def test_wrong_arguments_by_position_are_told(open_handler: Any) -> None:
    handler = open_handler("bert", "fill-mask")
    with pytest.raises(TypeError, match="fill-mask got 2 positional arguments; expected one input"):
        handler("a", "b")
    handler = open_handler("clip", "zero-shot-image-classification")
    with pytest.raises(TypeError, match=r"got 3 .*expected \(candidate_labels, input\)"):
        handler("a", "b", "c")
    with pytest.raises(TypeError, match="'candidate_labels' both by position and by name"):
        handler(["a"], "b", candidate_labels=["c"])


def test_metadata_names_the_task_where_a_call_cannot() -> None:
    kind = source_skillset("bert")
    assert kind().task().name == "fill-mask"
    chosen = kind(metadata={"task": "token-classification"})
    assert chosen.task().name == "token-classification"
    assert chosen.task("fill-mask").name == "fill-mask"
    with pytest.raises(ValueError, match="bert has no task 'flying'"):
        kind(metadata={"task": "flying"}).task()


class FourDevices(Platform):
    """A platform whose runtime lists devices by names of its own."""

    def detect(self) -> Detection:
        return Detection(True, devices=tuple(Device(name, name) for name in self.labels))

    def __init__(self, name: str, labels: tuple[str, ...]) -> None:
        super().__init__(name, {"requirements": [], "default_device": labels[0]})
        self.labels = labels

    load = run = config = batch_size = None  # type: ignore[assignment]


@pytest.mark.parametrize(
    "platform, labels, asked, result",
    [
        ("openvino", ("CPU", "GPU"), "openvino:0", "CPU"),
        ("openvino", ("CPU", "GPU"), "openvino:1", "GPU"),
        ("openvino", ("CPU", "GPU"), "GPU", "GPU"),
        ("qualcomm", ("htp",), "qualcomm:0", "htp"),
        ("apple", ("mps",), "apple:0", "mps"),
        ("cuda", ("cuda:0", "cuda:1"), "cuda:1", "cuda:1"),
        ("cpu", ("cpu",), "cpu:0", "cpu"),
    ],
)
def test_a_workers_label_is_a_device(
    platform: str, labels: tuple[str, ...], asked: str, result: str
) -> None:
    FourDevices.__abstractmethods__ = frozenset()  # type: ignore[attr-defined]
    assert FourDevices(platform, labels).require(asked) == result


@pytest.mark.parametrize("asked", ["openvino:2", "cuda:0", "openvino:x", "openvino:-1"])
def test_a_label_of_no_device_is_refused(asked: str) -> None:
    FourDevices.__abstractmethods__ = frozenset()  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="use one of: CPU, GPU"):
        FourDevices("openvino", ("CPU", "GPU")).require(asked)


def test_what_a_class_defines_is_kept() -> None:
    kind = source_skillset("bert")

    class Own(kind):  # type: ignore[misc, valid-type]
        def init_cpu(self, model: str) -> str:
            return f"mine: {model}"

        def create_cpu_fill_mask_endpoint_handler(self) -> str:
            return "mine"

    class Further(Own):
        pass

    assert Further().init_cpu("x") == "mine: x"
    assert Further().create_cpu_fill_mask_endpoint_handler() == "mine"


def test_shims_lead_a_worker_to_packages(tmp_path: Path, run_script: Any, monkeypatch: Any) -> None:
    packages, skillset = tmp_path / "packages", tmp_path / "skillset"
    shutil.copytree(ROOT / "tests" / "golden" / "hf_bert", packages / "hf_bert")
    finished = run_script("write_shims", skillset, "--packages", packages)
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout == f"{skillset / 'hf_bert.py'}\n"
    monkeypatch.syspath_prepend(packages / "hf_bert" / "src")
    worker = Worker({}, {"task": "feature-extraction"}, skillset)
    model = checkpoint_of("bert", "AutoModel", tmp_path)
    answer = worker.open(model, "bert", "cpu")("A sentence.")
    assert answer["task"] == "feature-extraction" and answer["implementation_type"] == "REAL"
    again = run_script("write_shims", skillset, "--packages", packages)
    assert again.returncode == 0
    (skillset / "hf_bert.py").write_text("# a person's\n")
    refused = run_script("write_shims", skillset, "--packages", packages)
    assert refused.returncode == 2 and "use --force to replace it" in refused.stderr
    assert (skillset / "hf_bert.py").read_text() == "# a person's\n"


def test_a_shim_answers_to_a_name_that_python_has_not(tmp_path: Path) -> None:
    from hf_skillset_templates.batch.shims import shim

    scope: dict[str, Any] = {}
    text = shim("hf_a_b", "hf_a-b").replace("from hf_a_b import hf_a_b", "hf_a_b = 5")
    exec(text, scope)
    assert scope["hf_a-b"] == 5
