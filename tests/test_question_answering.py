"""`question-answering` gives the numbers of transformers 4.57's pipeline on the same checkpoint."""

from __future__ import annotations

import json
from typing import Any

import pytest
from conftest import ROOT

from hf_skillset_runtime.compare.parity import differences
from hf_skillset_templates.registry.store.paths import TINY
from hf_skillset_templates.source_skillset import source_skillset
from scripts.record_question_answering import CASES, build

TASK = "question-answering"
RECORDED = json.loads((ROOT / "tests" / "data" / "question_answering.json").read_text("utf-8"))


@pytest.fixture(scope="module", params=sorted(RECORDED["answers"]))
def handler(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The handler of a tiny model."""
    skillset = source_skillset(request.param)()
    folder = tmp_path_factory.mktemp(request.param)
    build(TINY / request.param, folder)
    return skillset.init_cpu(str(folder), task=TASK).handler


@pytest.mark.parametrize("case", range(len(CASES)))
def test_answers_are_those_of_the_pipeline(handler: Any, case: int) -> None:
    item, options = CASES[case]
    expected = RECORDED["answers"][handler.model_type][case]
    actual = handler(item, **options)["result"]
    if isinstance(expected, list):  # answers of nearly the same score may change places
        assert len(actual) == len(expected)
        assert not differences(
            [answer["score"] for answer in actual],
            [answer["score"] for answer in expected],
            1e-6,
        )
    else:
        assert not differences(actual, expected, 1e-6)


def test_a_batch_gives_what_single_inputs_give(handler: Any) -> None:
    items = [item for item, _ in CASES]
    single = [handler(item)["result"] for item in items]
    assert not differences(handler(items)["result"], single, 1e-5)


def test_inputs_at_fault_are_named(handler: Any) -> None:
    good = CASES[0][0]
    with pytest.raises(ValueError, match=r"^input 1: the context is empty"):
        handler([good, {**good, "context": " "}])
    with pytest.raises(ValueError, match="none are left for the context"):
        handler({**good, "question": "who " * 400})
    with pytest.raises(ValueError, match="is larger than max_seq_len"):
        handler(good, doc_stride=400, max_seq_len=100)
