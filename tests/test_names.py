"""No wrong name passes: a name is a model type, is taken as one and said, or is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hf_skillset_templates.registry import resolve as module
from hf_skillset_templates.registry.resolve import UnknownModelError, resolve
from hf_skillset_templates.registry.store.model_types import model_types
from hf_skillset_templates.registry.store.names import more_checkpoints, name_table, unified
from hf_skillset_templates.registry.store.paths import CHECKPOINTS, NAMES

ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(module, "_hub", [])
    yield


def taken_as(name: str) -> str | None:
    """The model type that a name resolves to; None where it is refused."""
    try:
        return resolve(name, ask_hub=False).model_type
    except UnknownModelError as error:
        assert len(str(error)) < 1000 and "\n" not in str(error)
        return None


@st.composite
def misspelt(draw: st.DrawFn) -> str:
    """A model type with one letter more, less, other or doubled."""
    name = draw(st.sampled_from(model_types()))
    at = draw(st.integers(0, len(name) - 1))
    letter = draw(st.sampled_from(ALPHABET))
    kind = draw(st.sampled_from(["insert", "delete", "replace", "double", "append"]))
    return {
        "insert": name[:at] + letter + name[at:],
        "delete": name[:at] + name[at + 1 :],
        "replace": name[:at] + letter + name[at + 1 :],
        "double": name[:at] + name[at] * 2 + name[at + 1 :],
        "append": name + letter,
    }[kind]


SEPARATORS = re.compile(r"[-_.]")


@settings(max_examples=400, deadline=None, derandomize=True)
@given(misspelt())
@example("gpt5")
@example("barter")
@example("distilled")
@example("option")
@example("bertt")
def test_a_misspelt_name_is_another_model_only_where_it_is_its_spelling(name: str) -> None:
    result = taken_as(name)
    if result is not None:
        letters = SEPARATORS.sub("", result)
        assert SEPARATORS.sub("", name.lower()).removeprefix("hf") in (letters, f"hf{letters}")


@settings(
    max_examples=400,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(st.one_of(st.text(max_size=300), st.text(alphabet="bert/.-_~ ,\0\n😀", max_size=300)))
@example("~nosuchuser")
@example("../bert")
@example("bert\0")
@example("😀bert")
@example("b-e-r-t")
@example("\uff42\uff45\uff52\uff54")
@example("org/" + "a" * 5000)
def test_a_hostile_name_is_refused_in_a_sentence(name: str) -> None:
    result = taken_as(name)
    if result is not None and "/" not in name:
        assert unified(name.strip()).replace("-", "").removeprefix("hf") in (
            unified(result).replace("-", ""),
            f"hf{unified(result).replace('-', '')}",
        )


@pytest.mark.parametrize(
    ("name", "model_type"),
    [
        ("BERT", "bert"),
        ("Qwen2-VL", "qwen2_vl"),
        ("someone/My-BERT_v2", "bert"),
        ("someone/wav2vec2-bert-x", "wav2vec2-bert"),
        ("someone/distilled-option-barter", None),
        ("someone/vit-gpt2-captions", None),
        ("bert/model", None),
        ("bert-base", None),
    ],
)
def test_a_checkpoint_s_name_counts_at_separators_and_where_it_is_unique(
    name: str, model_type: str | None
) -> None:
    assert taken_as(name) == model_type


def test_what_was_taken_as_what_is_told() -> None:
    assert str(resolve("bert")) != "" and resolve("bert").source == ""
    assert str(resolve("BERT")) == "'BERT' resolves to bert (another spelling)"


def test_a_name_that_the_hub_may_know_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    class Unreachable(module.Hub):
        def model_type(self, checkpoint: str) -> str | None:
            asked.append(checkpoint)
            return None

    monkeypatch.setattr(module, "_hub", [Unreachable()])
    for name in ("bert", "google/vit-base-patch16-224", "someone/bert-x"):
        resolve(name)
    assert asked == []
    with pytest.raises(UnknownModelError):
        resolve("someone/unheard-of")
    assert asked == ["someone/unheard-of"]


def test_what_the_hub_alone_knows_is_refused_with_its_model_type(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Knowing(module.Hub):
        def model_type(self, checkpoint: str) -> str | None:
            return "bert"

    monkeypatch.setattr(module, "_hub", [Knowing()])
    with pytest.raises(UnknownModelError, match="the hub lists it as bert: use that name"):
        resolve("someone/unheard-of")


def test_a_hub_that_does_not_answer_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    hub_api = pytest.importorskip("huggingface_hub").HfApi
    calls: list[str] = []

    def no_network(self: object, name: str, **options: object) -> None:
        calls.append(name)
        raise ConnectionError("no network")

    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setattr(hub_api, "model_info", no_network)
    hub = module.Hub()
    assert [hub.model_type(name) for name in ("a/b", "c/d", "no id!")] == [None, None, None]
    assert calls == ["a/b"]


def test_the_table_of_names_is_up_to_date() -> None:
    checkpoints = {**more_checkpoints(), **json.loads(CHECKPOINTS.read_text(encoding="utf-8"))}
    assert json.loads(NAMES.read_text(encoding="utf-8")) == name_table(model_types(), checkpoints)
    assert set(more_checkpoints().values()) <= set(model_types())


def test_a_folder_with_commas_is_one_name(tmp_path: Path) -> None:
    from hf_skillset_templates.batch.selection import resolve_models

    folder = tmp_path / "a,b"
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "vit"}')
    assert resolve_models([str(folder), "bert, gpt2"]) == ["vit", "bert", "gpt2"]
