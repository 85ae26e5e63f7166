"""Exported graphs behind a server: bad calls, threads and killed exports cost no graph."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, OpenHandler

from hf_skillset_runtime.testing.tiny_checkpoint import build_checkpoint

torch = pytest.importorskip("torch")
WEIGHTS = {"openvino": "graph.bin", "onnxruntime": "graph.onnx.data"}
"""Platform (and its runtime) -> the file of the weights of a graph."""
TEXTS = [" ".join(["boat"] * (1 + i % 9)) for i in range(30)]
ROUNDS = int(os.environ.get("THREADED_ROUNDS", "1"))


@pytest.fixture(params=WEIGHTS)
def platform(request: pytest.FixtureRequest) -> str:
    """A platform with exported graphs whose runtime is installed."""
    pytest.importorskip(request.param)
    return str(request.param)


def score(handler: Any, text: str) -> float:
    """What the handler answers a text."""
    result: float = handler(text)["result"][0]["score"]
    return result


def graphs(handler: Any) -> list[str]:
    """The graphs of the whole model, by how open they are."""
    return [known.call.openness.name for known in handler.endpoint.exported.modules[""].graphs]


def test_a_refused_text_and_threads_leave_the_graph_as_it_is(
    open_handler: OpenHandler, platform: str
) -> None:
    handler = open_handler("bert", "text-classification", platform)
    reference = open_handler("bert", "text-classification")
    expected = [score(reference, text) for text in TEXTS]
    before = graphs(handler)
    limit = handler.endpoint.config.max_position_embeddings
    too_long = {"input_ids": [[5] * (limit + 90)], "attention_mask": [[1] * (limit + 90)]}
    for _ in range(2):
        with pytest.raises(RuntimeError, match="size"), torch.no_grad():
            handler.endpoint(**{name: torch.tensor(rows) for name, rows in too_long.items()})
        assert score(handler, TEXTS[0]) == pytest.approx(expected[0], abs=1e-4)
    with ThreadPoolExecutor(8) as pool:
        actual = list(pool.map(lambda text: score(handler, text), TEXTS * (4 * ROUNDS)))
    assert actual == pytest.approx(expected * (4 * ROUNDS), abs=1e-4)
    assert graphs(handler) == before
    exported = handler.endpoint.exported
    assert exported.share_in_graphs() == 1.0 and not exported.in_layers()
    assert exported.graph_runs() >= len(actual)


def test_threads_that_need_the_same_new_graph_export_it_once(
    open_handler: OpenHandler, platform: str
) -> None:
    handler = open_handler("llama", "text-generation", platform)
    reference = open_handler("llama", "text-generation")
    options = {"max_new_tokens": 3, "do_sample": False}
    expected = [reference(text, **options)["result"] for text in TEXTS[:6]]
    with ThreadPoolExecutor(6) as pool:
        actual = list(pool.map(lambda text: handler(text, **options)["result"], TEXTS[:6]))
    assert actual == expected
    stateful = handler.endpoint.exported.modules[""].stateful
    if platform == "openvino":
        assert not graphs(handler) and len(stateful.known) == 1
    else:
        assert len(graphs(handler)) == len(set(graphs(handler))) * 2  # with and without a cache


KILLED = """
import sys
from hf_skillset_templates.source_skillset import source_skillset
checkpoint, exports, platform = sys.argv[1:]
skillset = source_skillset("bert", (platform,))(metadata={"export_dir": exports})
init = getattr(skillset, f"init_{platform}")
handler = init(checkpoint, task="text-classification").handler
print(handler("a small boat")["result"][0]["score"])
"""


def test_a_killed_export_is_absent(tmp_path: Path, platform: str) -> None:
    tiny = ROOT / "registry" / "tiny" / "bert"
    checkpoint = build_checkpoint(tiny, "AutoModelForSequenceClassification", tmp_path / "bert")
    exports = tmp_path / "exports"
    command = [sys.executable, "-c", KILLED, str(checkpoint), str(exports), platform]
    paths = os.pathsep.join(str(ROOT / part) for part in ("src", "runtime", "."))
    environment = {**os.environ, "PYTHONPATH": paths}
    first = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    while not list(exports.rglob(".draft-*")):
        assert first.poll() is None, "it ended before it began to export"
        time.sleep(0.01)
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert list(exports.rglob(".draft-*")) and not list(exports.rglob("call.json"))
    second = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert second.returncode == 0, second.stderr
    kept = [path.parent for path in exports.rglob("call.json")]
    assert kept and all((folder / WEIGHTS[platform]).is_file() for folder in kept)
    assert all(json.loads((folder / "call.json").read_text())["openness"] for folder in kept)


def test_a_model_with_several_text_parts_is_opened(tmp_path: Path) -> None:
    import torch
    from transformers import MusicgenConfig

    from hf_skillset_runtime.export.exported_model import ExportedModel

    model = torch.nn.Linear(1, 1)
    model.config = MusicgenConfig(  # type: ignore[assignment]
        text_encoder={"model_type": "t5"},
        audio_encoder={"model_type": "encodec"},
        decoder={"model_type": "musicgen_decoder"},
    )
    exported = ExportedModel(model, maker=None, folder=tmp_path)  # type: ignore[arg-type]
    assert exported.limit is None
