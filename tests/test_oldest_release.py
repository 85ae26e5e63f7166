"""The search for the oldest release that works: order, what is tried again, what is written."""

from __future__ import annotations

import json
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

from hf_skillset_templates.registry.sources.dependencies import dependencies
from hf_skillset_templates.registry.store import oldest as store
from hf_skillset_templates.registry.store.errors import as_recorded
from hf_skillset_templates.registry.store.oldest import Table, write_table
from hf_skillset_templates.release import oldest
from hf_skillset_templates.release.oldest import Search, search
from hf_skillset_templates.release.worktree import Tree
from hf_skillset_templates.reports.oldest import lines

KNOWN = {"5.18.0": "abcd", "5.6.0": "abd", "4.57.6": "abd"}
WORKS = {"5.18.0": "abc", "5.6.0": "ab", "4.57.6": "a"}


def record(status: str) -> dict[str, Any]:
    return {"task": "fill-mask", "status": status, "stage": "run", "detail": "no way\nat all"}


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[str]]]:
    """The releases that were tried, each with its model types; the cells are made up."""
    calls: list[tuple[str, list[str]]] = []

    def measure(what: Search, tree: Tree, release: str, names: list[str]) -> dict[str, Any]:
        calls.append((release, names))
        cells = {n: [record("REAL" if n in WORKS[release] else "FAILED")] for n in names}
        return {name: found for name, found in cells.items() if name != "d"}

    def known(tree: Tree, kept: Path) -> set[str]:
        return set(KNOWN[tree.python.parents[1].name.removeprefix("venv-")])

    monkeypatch.setattr(oldest, "verified_tasks", lambda name: ["fill-mask"] * (name != "e"))
    monkeypatch.setattr(oldest, "can_try", lambda settings, name: name != "e")
    monkeypatch.setattr(oldest, "seconds", lambda name: ord(name))
    monkeypatch.setattr(oldest, "measure", measure)
    monkeypatch.setattr(oldest, "known_types", known)
    monkeypatch.setattr(oldest, "make_layer", lambda tree, release: None)
    monkeypatch.setattr(oldest, "render", lambda settings, names: None)
    return calls


def found(folder: Path, names: str, known: Table | None = None) -> Table:
    what = Search(folder, folder, "5.24.0", tuple(KNOWN))
    return [table for _, table in search(what, list(names), known)][-1]


def failure(release: str, error: str) -> dict[str, str]:
    return {"transformers": release, "error": error}


def test_the_first_release_that_passes_ends_the_search(
    tmp_path: Path, tried: list[tuple[str, list[str]]]
) -> None:
    assert found(tmp_path, "dcbae") == {
        "a": {"transformers": "4.57.6", "cells": 1, "of": 1},
        "b": {
            "transformers": "5.6.0",
            "cells": 1,
            "of": 1,
            "fails": failure("4.57.6", "fill-mask: run: no way"),
        },
        "c": {
            "transformers": "5.18.0",
            "cells": 1,
            "of": 1,
            "fails": failure("5.6.0", "transformers 5.6.0 has no model type c"),
        },
        "d": {"transformers": "5.24.0", "fails": failure("5.18.0", "no cell could be started")},
    }
    assert tried == [
        ("4.57.6", ["a", "b", "d"]),
        ("5.6.0", ["b", "d"]),
        ("5.18.0", ["c", "d"]),
    ]


def test_a_later_search_tries_only_what_is_unknown(
    tmp_path: Path, tried: list[tuple[str, list[str]]]
) -> None:
    known: Table = {
        "a": {"transformers": "5.18.0", "cells": 1, "of": 1, "fails": failure("5.6.0", "")},
        "b": {"transformers": "5.18.0", "cells": 1, "of": 1, "fails": failure("4.57.6", "")},
    }
    table = found(tmp_path, "ab", known)
    assert tried == [("5.6.0", ["b"])]
    assert table["a"] == known["a"] and table["b"]["transformers"] == "5.6.0"


@pytest.mark.parametrize("status", ["NO TINY MODEL", "UNAVAILABLE", "MOCK"])
def test_a_cell_that_was_left_out_did_not_run(status: str) -> None:
    known: dict[str, Any] = {"transformers": "5.24.0"}
    oldest.note(known, "5.18.0", [record(status)], ["fill-mask"])
    assert known["transformers"] == "5.24.0"
    assert known["fails"]["transformers"] == "5.18.0"


def test_every_expected_cell_has_to_run_and_no_other() -> None:
    known: dict[str, Any] = {"transformers": "5.24.0"}
    oldest.note(known, "5.18.0", [record("REAL")], ["fill-mask", "feature-extraction"])
    assert known["fails"]["error"] == "no cell could be started"
    known = {"transformers": "5.24.0"}
    other = {**record("FAILED"), "task": "feature-extraction"}
    oldest.note(known, "5.18.0", [record("REAL"), other], ["fill-mask"])
    assert known == {"transformers": "5.18.0", "cells": 1, "of": 1}


def test_after_the_first_tasks_the_others_are_tried(
    tmp_path: Path, tried: list[tuple[str, list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oldest, "verified_tasks", lambda name: ["fill-mask", "multiple-choice"])
    what = Search(tmp_path, tmp_path, "5.24.0", tuple(KNOWN), primary=True)
    *_, (_, first) = search(what, ["b"])
    assert (first["b"]["transformers"], first["b"]["cells"], first["b"]["of"]) == ("5.6.0", 1, 2)
    tried.clear()
    assert found(tmp_path, "b", first)["b"]["fails"]["transformers"] == "5.18.0"
    assert tried == [("5.6.0", ["b"]), ("5.18.0", ["b"])]
    monkeypatch.setattr(store, "_known", lambda: first)
    assert store.oldest_release("b") is None


def test_real_cells_of_a_package_are_measured(tmp_path: Path) -> None:
    what = Search(tmp_path, ROOT, version("transformers"))
    tree = Tree(ROOT, Path(sys.executable), tmp_path / "log")
    assert {"pvt", "bert"} <= oldest.known_types(tree, tmp_path / "types.json")
    oldest.render(what, ["pvt"])
    records = oldest.measure(what, tree, what.newest, ["pvt"])
    expected = oldest.verified_tasks("pvt")
    assert {each["task"] for each in records["pvt"]} == set(expected)
    known: dict[str, Any] = {"transformers": "6.0.0"}
    oldest.note(known, what.newest, records["pvt"], expected)
    assert known == {"transformers": what.newest, "cells": len(expected), "of": len(expected)}


def test_what_is_known_of_others_stays(tmp_path: Path) -> None:
    path = tmp_path / "oldest.json"
    write_table({"b": {"transformers": "5.6.0"}}, path)
    write_table({"a": {"transformers": "5.0.0"}}, path)
    assert list(json.loads(path.read_text("utf-8"))) == ["a", "b"]


def test_a_package_requires_the_oldest_release() -> None:
    for stated, expected in (("5.6.0", "5.6.0"), (None, version("transformers"))):
        needs = dependencies({"BertModel"}, "BertConfig", {}, oldest=stated)["pip"]
        assert [each for each in needs if "transformers" in each] == [f"transformers>={expected}"]


def test_the_page_counts_by_modality_and_groups_reasons() -> None:
    table: Table = {
        "a": {
            "transformers": "5.6.0",
            "cells": 1,
            "of": 2,
            "fails": failure("5.0.0", "x: no type a"),
        },
        "b": {"transformers": "5.9.0", "fails": failure("5.6.0", "y: no type b")},
        "c": {"transformers": "4.57.6", "cells": 1, "of": 1},
        "e": {"transformers": "5.9.0", "fails": failure("5.0.0", "y: no type e")},
    }
    page = list(lines(table, {"a": "text", "b": "text", "c": "image", "d": "image", "e": "text"}))
    assert (
        page[0] == "| modality | model types | 4.57.6 | 5.6.0 | 5.9.0 | not settled | not tried |"
    )
    assert (
        "| text | 3 | 0 | 1 | 1 | 1 | 0 |" in page and "| image | 2 | 1 | 0 | 0 | 0 | 1 |" in page
    )
    assert "### 5.0.0 fails for 2 model types" in page
    assert "| 2 | no type TYPE | `a` |" in page


def test_a_recorded_error_names_no_temporary_folder() -> None:
    folder = f"{tempfile.gettempdir()}/hf-skillset-uxh7exv7/tmp8zwpse1g/tmp1b_v_xqn"
    assert as_recorded(f"ValueError: nothing in {folder}/Model\nmore") == (
        "ValueError: nothing in …/Model"
    )
