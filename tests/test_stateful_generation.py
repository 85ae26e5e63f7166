"""Generation whose cache is inside OpenVINO: one graph, the results of torch, no shared states."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from conftest import OpenHandler

torch = pytest.importorskip("torch")
pytest.importorskip("openvino")
TASK = "text-generation"
TEXTS = ["Once upon a time", "The boat", "a small boat on a quiet river " * 3]
Step = int | tuple[str, Any]


@pytest.fixture
def pair(open_handler: OpenHandler) -> Callable[..., tuple[Any, Any]]:
    """Opens a model type's handlers on OpenVINO and on the CPU."""

    def opened(model_type: str, **metadata: Any) -> tuple[Any, Any]:
        graphs = open_handler(model_type, TASK, "openvino", **metadata)
        return graphs, open_handler(model_type, TASK)

    return opened


def stateful(handler: Any) -> Any:
    """What runs the model's steps."""
    return handler.endpoint.exported.modules[""].stateful


def logits(model: Any, plan: list[Step], rows: int = 1, seed: int = 0) -> list[Any]:
    """The logits of steps of so many tokens; between them the cache is changed by name."""
    from transformers import DynamicCache

    draw = torch.Generator().manual_seed(seed)
    cache, outputs, done = DynamicCache(config=model.config), [], 0
    for step in plan:
        if not isinstance(step, int):
            name, value = step
            getattr(cache, name)(value)
            done += value if name == "crop" else 0
            continue
        done += step
        mask = torch.ones(rows, done, dtype=torch.long)
        mask[0, 1:2] = 0
        positions = ((mask.cumsum(-1) - 1) * mask)[:, -step:]
        tokens = torch.randint(5, 90, (rows, step), generator=draw)
        given = {"attention_mask": mask, "position_ids": positions, "logits_to_keep": 1}
        with torch.no_grad():
            output = model(input_ids=tokens, cache=cache, use_cache=True, **given)
        cache = output.cache
        outputs.append(output.logits)
    return outputs


PLANS: dict[str, list[Step]] = {
    "steps": [4, 1, 1, 1],
    "several tokens at once": [4, 3, 1],
    "one token first": [1, 1, 2],
    "rows reordered": [4, ("reorder_cache", torch.tensor([1, 1, 0])), 1, 2],
    "rows reordered twice": [
        4,
        ("reorder_cache", torch.tensor([2, 1, 0])),
        ("reorder_cache", torch.tensor([1, 1, 0])),
        1,
        1,
    ],
    "tokens taken back": [4, 1, ("crop", -1), 1, 1, 1, ("crop", -2), 2, 1],
}


@pytest.mark.parametrize("model_type", ["llama", "gemma2"])
def test_every_step_computes_what_torch_does(pair: Any, model_type: str) -> None:
    """Gemma 2 has layers with a sliding window, which the steps below leave."""
    graphs, reference = pair(model_type)
    window = getattr(reference.endpoint.config, "sliding_window", None)
    plans = PLANS | {"beyond the window": [3, *[1] * ((window or 8) + 3)]}
    for name, plan in plans.items():
        if model_type != "llama" and "taken back" in name:
            continue  # transformers' own cache cannot, beyond a window
        rows = 3 if "rows" in name else 1
        expected = logits(reference.endpoint, plan, rows)
        for actual, right in zip(logits(graphs.endpoint, plan, rows), expected, strict=True):
            torch.testing.assert_close(actual, right, atol=2e-5, rtol=1e-4, msg=name)
    assert not graphs.endpoint.exported.modules[""].graphs, "a graph without states ran"


def test_one_graph_serves_prompts_steps_beams_and_batches(pair: Any, tmp_path: Path) -> None:
    graphs, reference = pair("llama", export_dir=str(tmp_path))
    for options in ({}, {"num_beams": 3}, {"num_beams": 2, "num_return_sequences": 2}):
        given = {"max_new_tokens": 8, "do_sample": False, "generate_kwargs": options}
        for inputs in (TEXTS[0], TEXTS):
            assert graphs(inputs, **given)["result"] == reference(inputs, **given)["result"]
    assert [path.parent.name for path in tmp_path.rglob("graph.xml")] == [
        path.parent.name for path in tmp_path.rglob("states.json")
    ]
    assert len(list(tmp_path.rglob("*.bin"))) == 1, "the weights are stored more than once"
    proof = graphs.platform.evidence(graphs)
    assert proof["states"] is True and proof["share"] == 1.0 and proof["graph_runs"] >= 4


def test_sequences_at_the_same_time_do_not_mix(pair: Any) -> None:
    model = pair("llama")[0].endpoint
    plans = [[4, 1, 1, 1], [2, 1, 1, 1], [6, 1, 2]] * 4
    expected = [logits(model, plan, seed=i) for i, plan in enumerate(plans)]
    with ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(logits, model, plan, 1, i) for i, plan in enumerate(plans)]
        actual = [call.result() for call in calls]
    for one, other in zip(actual, expected):
        for step, right in zip(one, other):
            torch.testing.assert_close(step, right, atol=1e-5, rtol=1e-5)


def test_a_second_start_asks_torch_for_nothing(
    pair: Any, open_handler: OpenHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = pair("llama")
    expected = first(TEXTS[0], max_new_tokens=4)["result"]
    monkeypatch.setattr(
        "hf_skillset_runtime.export.exported_forward.ExportedForward.from_torch",
        lambda *_: pytest.fail("torch computed"),
    )
    second = open_handler("llama", TASK, "openvino")
    assert second(TEXTS[0], max_new_tokens=4)["result"] == expected
    assert second.endpoint.exported.states() is True


def altered(monkeypatch: pytest.MonkeyPatch, alter: Callable[[Any, Any, Any], None]) -> None:
    """Change the outputs of OpenVINO's graphs with states: alter(states, inputs, outputs)."""
    from hardware.openvino.stateful import OpenVINOStates

    right = OpenVINOStates.step

    def step(self: Any, inputs: Any, rows: Any) -> Any:
        outputs = right(self, inputs, rows)
        alter(self, inputs, outputs)
        return outputs

    monkeypatch.setattr(OpenVINOStates, "step", step)


def off_by_a_percent(states: Any, inputs: Any, outputs: Any) -> None:
    outputs["logits"] *= 1.01


def off_in_the_cache(states: Any, inputs: Any, outputs: Any) -> None:
    states.write([tensor * 1.01 for tensor in states.read()])


@pytest.mark.parametrize("alter", [off_by_a_percent, off_in_the_cache])
def test_a_graph_that_computes_something_else_is_refused(
    pair: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, alter: Any
) -> None:
    altered(monkeypatch, alter)
    graphs, reference = pair("llama", export_dir=str(tmp_path))
    given = {"max_new_tokens": 4, "do_sample": False}
    assert graphs(TEXTS, **given)["result"] == reference(TEXTS, **given)["result"]
    assert "off by" in graphs.platform.evidence(graphs)["states"]
    assert not list(tmp_path.rglob("states.json"))
    assert len(graphs.endpoint.exported.modules[""].graphs) == 2  # with and without a cache
    reasons = [json.loads(path.read_text()) for path in tmp_path.rglob("stateless.json")]
    assert len(reasons) == 1 and "" in reasons[0]


def test_a_kind_of_call_that_differs_runs_without_states(
    pair: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def off_for_several(states: Any, inputs: Any, outputs: Any) -> None:
        tokens = inputs["input_ids"].shape[1]
        if 1 < tokens < inputs["attention_mask"].shape[1]:
            outputs["logits"] += 0.1

    altered(monkeypatch, off_for_several)
    graphs, reference = pair("llama", export_dir=str(tmp_path))
    plan: list[Step] = [4, 1, 3, 1, 1]
    for actual, right in zip(logits(graphs.endpoint, plan), logits(reference.endpoint, plan)):
        torch.testing.assert_close(actual, right, atol=2e-5, rtol=1e-4)
    refused = [known.facts for known in stateful(graphs).known.values() if known.facts.refused]
    assert [list(facts.refused) for facts in refused] == [["step[1, 0]"]]
    assert "step[1, 1]" in refused[0].proven


def test_a_cache_that_no_graph_keeps_is_named(open_handler: OpenHandler) -> None:
    handler = open_handler("t5", "text2text-generation", "openvino")
    assert "EncoderDecoderCache" in handler.platform.evidence(handler)["states"]
