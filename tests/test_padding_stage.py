"""The stage `padding`: what it finds on tiny models whose needs are known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hf_skillset_templates.registry.stages.bench import Bench
from hf_skillset_templates.registry.stages.padding import needs, shared, with_needs


@pytest.mark.parametrize(
    ("model_type", "task", "expected"),
    [
        ("bert", "text-classification", {}),
        ("hgnet_v2", "image-backbone", {}),  # a batch differs in 32 bits alone
        ("nystromformer", "text-classification", {"pads": False}),
        ("vit_mae", "image-feature-extraction", {"draws": True, "pads": False}),
    ],
)
def test_finds_what_a_task_needs(
    tmp_path: Path, model_type: str, task: str, expected: dict[str, Any]
) -> None:
    handler = Bench(model_type, tmp_path).open(task).handler
    assert needs(handler) == expected


@pytest.mark.parametrize("model_type", ["vit_mae", "reformer"])
def test_a_model_that_draws_repeats_itself(tmp_path: Path, model_type: str) -> None:
    bench = Bench(model_type, tmp_path)
    task = next(task for task, spec in bench.skillset.tasks.items() if spec.draws)
    handler = bench.open(task).handler
    sample = handler.encode([sample_of(handler)], **handler.spec.sample_params)
    parts = sample if isinstance(sample, list) else [sample]
    assert [part.seed for part in parts] == [0] * len(parts)
    results = [
        handler(sample_of(handler), **handler.spec.sample_params)["result"] for _ in range(2)
    ]
    assert results[0] == results[1]


def sample_of(handler: Any) -> Any:
    """The first sample of a handler's task."""
    from hf_skillset_runtime.tasks.samples import sample_inputs

    return sample_inputs(handler.spec, handler.processor)[0]


def test_pads_holds_for_tasks_of_one_kind() -> None:
    kinds = {"a": ("forward", "text"), "b": ("forward", "text"), "c": ("generate", "text")}
    result = {"a": {"pads": False}, "b": {}, "c": {}}
    assert shared(result, kinds) == {"a": {"pads": False}, "b": {"pads": False}, "c": {}}


def test_what_is_no_longer_needed_goes() -> None:
    task = {
        "auto_class": "A",
        "model_class": "M",
        "handler_name": "h",
        "pipeline": None,
        "pads": False,
        "tensors": {},
    }
    assert "pads" not in with_needs(task, {})
    assert list(with_needs(task, {"draws": True}))[-2:] == ["draws", "tensors"]
