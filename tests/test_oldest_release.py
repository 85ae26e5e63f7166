"""The search for the oldest release that works: order, what is tried again, what is written."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest

from hf_skillset_templates.registry.store.errors import as_recorded
from hf_skillset_templates.release import oldest
from hf_skillset_templates.release.oldest import Search, search, write_table


def record(status: str) -> dict[str, Any]:
    return {"task": "fill-mask", "status": status, "stage": "run", "detail": "no way\nat all"}


def test_a_model_type_is_tried_until_it_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[tuple[str, list[str]]] = []
    works = {"a": ("5.18.0", "5.6.0", "4.57.6"), "b": ("5.18.0",), "c": ("4.57.6",)}

    def measure(what: Search, tree: Any, release: str, names: list[str]) -> dict[str, Any]:
        tried.append((release, names))
        cells = {n: [record("REAL" if release in works[n] else "FAILED")] for n in names}
        return {**cells, "c": []}

    for name in works:
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").touch()
    monkeypatch.setattr(oldest, "TINY", tmp_path)
    monkeypatch.setattr(oldest, "measure", measure)
    monkeypatch.setattr(oldest, "make_layer", lambda tree, release: None)
    what = Search(tmp_path, tmp_path, "5.24.0", ("4.57.6", "5.6.0", "5.18.0"))
    *_, (last, table) = search(what, ["a", "b", "c", "without a tiny model"])
    assert tried == [("5.18.0", ["a", "b", "c"]), ("5.6.0", ["a", "b"]), ("4.57.6", ["a"])]
    assert last == "4.57.6"
    assert table == {
        "a": {"transformers": "4.57.6", "cells": 1},
        "b": {
            "transformers": "5.18.0",
            "cells": 1,
            "fails": {"transformers": "5.6.0", "error": "fill-mask: run: no way"},
        },
        "c": {
            "transformers": "5.24.0",
            "fails": {"transformers": "5.18.0", "error": "no cell could be started"},
        },
    }


@pytest.mark.parametrize("status", ["NO TINY MODEL", "UNAVAILABLE", "MOCK"])
def test_a_cell_that_was_left_out_did_not_run(status: str) -> None:
    known: dict[str, Any] = {"transformers": "5.24.0"}
    oldest.note(known, "5.18.0", [record("REAL"), record(status)])
    assert known["transformers"] == "5.24.0" and "fails" in known


def test_what_is_known_of_others_stays(tmp_path: Path) -> None:
    path = tmp_path / "oldest.json"
    write_table(path, {"b": {"transformers": "5.6.0"}})
    write_table(path, {"a": {"transformers": "5.0.0"}})
    assert list(json.loads(path.read_text("utf-8"))) == ["a", "b"]


def test_a_recorded_error_names_no_temporary_folder() -> None:
    folder = f"{tempfile.gettempdir()}/hf-skillset-uxh7exv7/tmp8zwpse1g/tmp1b_v_xqn"
    assert as_recorded(f"ValueError: nothing in {folder}/Model\nmore") == (
        "ValueError: nothing in …/Model"
    )
