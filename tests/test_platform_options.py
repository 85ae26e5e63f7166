"""What the platforms' options do, on a package of bert with its tiny model."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hf_skillset_templates.batch.package import PackageJob, generate_package

pytest.importorskip("torch")

PRELUDE = """
import json, sys, warnings, pathlib, torch
import hf_bert
from hf_bert._runtime.testing import tiny_checkpoint
checkpoint, cache = sys.argv[1:]
tiny = pathlib.Path(hf_bert.__file__).parents[2] / "tests" / "tiny"
if not pathlib.Path(checkpoint).exists():
    tiny_checkpoint.build_checkpoint(
        tiny, "AutoModelForSequenceClassification", pathlib.Path(checkpoint)
    )
def opened(platform, device=None, **metadata):
    skillset = hf_bert.hf_bert(metadata={"export_dir": cache, **metadata})
    more = {} if device is None else {"device": device}
    return getattr(skillset, f"init_{platform}")(checkpoint, task="text-classification", **more)
def scores(handler, texts=("a small boat", "the library")):
    return [answer[0]["score"] for answer in handler(list(texts))["result"]]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds the package, and soon its checkpoint and exports."""
    folder = tmp_path_factory.mktemp("options")
    platforms = {"platforms": ["cpu", "openvino"]}
    assert generate_package(PackageJob("bert", "hf_bert", str(folder), platforms)).error == ""
    return folder


def run(folder: Path, code: str) -> object:
    """What `code` prints as JSON on its last line."""
    package = folder / "hf_bert"
    paths = os.pathsep.join([str(package / "src"), str(package / "tests")])
    finished = subprocess.run(
        [sys.executable, "-c", PRELUDE + code, str(folder / "checkpoint"), str(folder / "cache")],
        env={**os.environ, "PYTHONPATH": paths, "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout.splitlines()[-1])


def test_a_seed_gives_the_same_numbers_on_every_device(folder: Path) -> None:
    """The CPU draws for a device that is not the CPU; torch's own `meta` device stands for one."""
    code = """
from hf_bert._runtime.calls.seeded import drawn_from
def draw():
    p = torch.full((4, 5), 0.2)
    t = torch.distributions.StudentT(torch.tensor([4.0])).sample((3,))
    drawn = [torch.rand(2), torch.rand_like(p), p.multinomial(2), p.clone().normal_(), t]
    return [numbers.tolist() for numbers in drawn]
results = []
for seed in (7, 7):
    torch.manual_seed(1)
    with drawn_from(seed):
        drawn = draw()
    results.append([drawn, torch.rand(1).item()])
recurrent = torch.nn.LSTM(2, 3, device="meta")
with drawn_from(7):
    noise = torch.randn(1, device="meta")
    one_later = torch.rand(1).item()
    recurrent(torch.empty(4, 2, device="meta"))  # torch calls it random: it may drop something
with drawn_from(7):
    torch.randn(1)
    expected = torch.rand(1).item()
print(json.dumps([results, noise.device.type, one_later, expected]))
"""
    (first, again), kept, one_later, expected = run(folder, code)  # type: ignore[misc]
    assert first == again
    assert kept == "meta"
    assert one_later == expected


def test_cpu_computes_in_bfloat16_on_request(folder: Path) -> None:
    code = """
exact, rough = opened("cpu"), opened("cpu", dtype="bfloat16")
print(json.dumps([str(rough.endpoint.dtype), scores(exact.handler), scores(rough.handler)]))
"""
    dtype, exact, rough = run(folder, code)  # type: ignore[misc]
    assert dtype == "torch.bfloat16"
    assert rough == pytest.approx(exact, abs=1e-2)
    assert rough != exact


def test_cpu_compiles_on_request(folder: Path) -> None:
    code = """
plain, compiled = opened("cpu"), opened("cpu", compile=True)
compiled_frames = torch._dynamo.utils.counters["frames"]
one, other = scores(plain.handler), scores(compiled.handler)
print(json.dumps([one, other, compiled_frames["ok"]]))
"""
    plain, compiled, frames = run(folder, code)  # type: ignore[misc]
    assert compiled == pytest.approx(plain, abs=1e-5)
    assert frames > 0


def test_unknown_dtype_is_refused(folder: Path) -> None:
    code = """
try:
    opened("cpu", dtype="float8")
except ValueError as error:
    print(json.dumps(str(error)))
"""
    assert "use one of: auto, float32" in str(run(folder, code))


def test_a_batch_without_memory_is_halved(folder: Path) -> None:
    """A CPU with room for one input stands for a device whose memory is full."""
    code = """
handler = opened("cpu").handler
class Cramped(type(handler.platform)):
    def run(self, endpoint, spec, encoded):
        if len(encoded.inputs["input_ids"]) > 1:
            raise torch.OutOfMemoryError("full")
        return super().run(endpoint, spec, encoded)
expected = scores(handler, "abcde")
facts = hf_bert.hf_bert.registry["platforms"]["cpu"]
handler.platform, handler.batch_size = Cramped("cpu", facts), 4
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    actual = scores(handler, "abcde")
said = [str(w.message) for w in said if w.category is ResourceWarning]
print(json.dumps([expected, actual, handler.batch_size, said]))
"""
    expected, actual, size, output = run(folder, code)  # type: ignore[misc]
    assert actual == pytest.approx(expected, abs=1e-6)
    assert size == 1
    assert "out of memory for a batch of 4" in output[0]


def test_second_openvino_start_exports_nothing(folder: Path) -> None:
    pytest.importorskip("openvino")
    code = """
def files():
    return {str(p): p.stat().st_mtime_ns for p in pathlib.Path(cache).rglob("*") if p.is_file()}
first = scores(opened("openvino").handler)
kept = files()
second = scores(opened("openvino").handler)
print(json.dumps([first == second, len(kept) > 0, kept == files()]))
"""
    assert run(folder, code) == [True, True, True]


def test_openvino_generates_with_and_without_padding_in_the_same_graphs(folder: Path) -> None:
    pytest.importorskip("openvino")
    code = """
causal = pathlib.Path(checkpoint + "-causal")
tiny_checkpoint.build_checkpoint(tiny, "AutoModelForCausalLM", causal)
skillset = hf_bert.hf_bert(metadata={"export_dir": cache + "-causal"})
handler = skillset.init_openvino(str(causal), task="text-generation").handler
for texts in (["a small boat"], ["a boat", "the library is open"]):
    handler(texts, max_new_tokens=3)
print(json.dumps(len(list(pathlib.Path(cache + "-causal").rglob("*.xml")))))
"""
    assert run(folder, code) == 1  # for prompts and steps


@pytest.mark.parametrize("precision", ["bf16", "f16", "int8"])
def test_openvino_precisions_stay_near_float32(folder: Path, precision: str) -> None:
    pytest.importorskip("nncf")
    code = f"""
exact, rough = opened("cpu"), opened("openvino", precision={precision!r})
print(json.dumps([scores(exact.handler), scores(rough.handler)]))
"""
    exact, rough = run(folder, code)  # type: ignore[misc]
    assert rough == pytest.approx(exact, abs=2e-2)


def test_openvino_says_when_the_cpu_stands_in(folder: Path) -> None:
    pytest.importorskip("openvino")
    code = """
if any(d.label.startswith("NPU") for d in hf_bert.detect_hardware()["openvino"].devices):
    print(json.dumps(["EMULATED", "an NPU is here"]))
else:
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        answer = opened("openvino", device="NPU").handler("a small boat")
    said = [str(w.message) for w in said if "CPU plugin runs" in str(w.message)]
    print(json.dumps([answer["implementation_type"], said[0]]))
"""
    kind, output = run(folder, code)  # type: ignore[misc]
    assert kind == "EMULATED", output
