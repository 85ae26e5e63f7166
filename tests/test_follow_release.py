"""Moves to a release: fingerprints, the plan, the journal, the steps with fake commands."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

from hf_skillset_templates.errors import UsageError
from hf_skillset_templates.registry.sources import fingerprints
from hf_skillset_templates.registry.sources.universe import load_universe
from hf_skillset_templates.release import follow, worktree
from hf_skillset_templates.release.follow import Move
from hf_skillset_templates.release.journal import Journal
from hf_skillset_templates.release.plan import Plan, changed_facts, plan
from hf_skillset_templates.release.report import report

ENTRY = {
    "model_type": "a",
    "tasks": {"x": {"model_class": "A", "pads": False}},
    "dependencies": {"pip": ["torch>=2.6", "transformers>=1.0"]},
    "transformers_version": "1.0",
    "hardware_compatibility": {"cpu": {"verified": ["x"], "failed": {"y": {}}}},
}


def test_the_registry_has_the_fingerprints_of_the_installed_release() -> None:
    table = json.loads((ROOT / "registry" / "sources.json").read_text("utf-8"))
    assert table["model_types"] == fingerprints.fingerprints(load_universe())


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package with three model folders: c imports b, b imports a shared module."""
    package = tmp_path / "transformers"
    for name, content in {
        "utils.py": "shared = 1\n",
        "unused.py": "",
        "models/a/modeling_a.py": "from ...utils import shared\n",
        "models/b/modeling_b.py": "from ... import utils\n",
        "models/c/modeling_c.py": "from ..b.modeling_b import (\n    B,\n)\nfrom ..auto import x\n",
        "models/auto/__init__.py": "",
    }.items():
        path = package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    monkeypatch.setattr(fingerprints, "package", lambda: package)
    return package


def digests(package: Path) -> dict[str, dict[str, str]]:
    for cached in ("fingerprint", "imports", "module_file", "sources", "_of_file", "text"):
        getattr(fingerprints, cached).cache_clear()
    return {name: fingerprints.fingerprint(package / "models" / name) for name in "abc"}


@pytest.mark.parametrize(
    ("file", "models", "shared"),
    [
        ("models/b/modeling_b.py", "bc", ""),
        ("models/c/modeling_c.py", "c", ""),
        ("models/c/modular_c.py", "", ""),
        ("models/auto/__init__.py", "", ""),
        ("utils.py", "", "abc"),
        ("unused.py", "", ""),
    ],
)
def test_a_fingerprint_covers_what_is_imported(
    sources: Path, file: str, models: str, shared: str
) -> None:
    before = digests(sources)
    with (sources / file).open("a") as stream:
        stream.write("more = 1\n")
    after = digests(sources)
    for kind, expected in (("models", models), ("shared", shared)):
        assert "".join(n for n in "abc" if before[n][kind] != after[n][kind]) == expected


def test_a_plan_has_each_model_type_once() -> None:
    same = {"models": "1", "shared": "1"}
    before = dict.fromkeys(("gone", "own", "other", "fact", "same"), same)
    after = dict.fromkeys(("new", "own", "other", "fact", "same"), same)
    after |= {"own": {**same, "models": "2"}, "other": {**same, "shared": "2"}}
    result = plan(before, after, {"fact": {"modality": ["text", "image"]}})
    assert result == Plan(["new"], ["fact", "own"], ["other"], ["same"], ["gone"])
    assert result.only({"own", "same"}) == Plan([], ["own"], [], ["same"], [])


def test_changed_facts_leave_out_the_release_and_what_is_measured() -> None:
    after: dict[str, Any] = json.loads(json.dumps(ENTRY).replace("1.0", "2.0"))
    measured = {"hardware_compatibility"}
    after["hardware_compatibility"] = {}
    assert changed_facts(ENTRY, after, measured) == {}
    after["tasks"]["x"]["model_class"] = "B"
    after["dependencies"]["pip"].append("numpy>=1.17")
    assert changed_facts(ENTRY, after, measured) == {
        "dependencies.pip": [["torch>=2.6"], ["torch>=2.6", "numpy>=1.17"]],
        "tasks.x.model_class": ["A", "B"],
    }


def test_a_journal_takes_no_step_twice(tmp_path: Path) -> None:
    def fails() -> None:
        raise UsageError("no")

    assert Journal(tmp_path, {"version": "2"}).step("one", lambda: [1]) == [1]
    again = Journal(tmp_path, {"version": "2"})
    assert again.step("one", fails) == [1]
    with pytest.raises(UsageError):
        again.step("two", fails)
    assert list(Journal(tmp_path, {"version": "2"}).seconds()) == ["one"]
    with pytest.raises(UsageError, match="is of another release"):
        Journal(tmp_path, {"version": "3"})


def git(folder: Path, *words: str) -> None:
    person = ("-c", "user.name=a", "-c", "user.email=a@b")
    subprocess.run(["git", "-C", str(folder), *person, *words], check=True, capture_output=True)


FAKE = """
import json, sys
from pathlib import Path
name, words = Path(sys.argv[0]).name, sys.argv[1:]
Path("calls").open("a").write(name + " " + " ".join(words) + "\\n")
if Path("stop").exists() and "--stage" in words and "facts" not in words:
    sys.exit("stopped here")
if "facts" in words:
    entries, digests = Path("registry/models"), {"models": "2", "shared": "1"}
    text = (entries / "a.json").read_text().replace("1.0", "2.0")
    (entries / "a.json").write_text(text)
    (entries / "n.json").write_text(text.replace('"a"', '"n"'))
    table = {"transformers": "2.0", "model_types": {"a": digests, "n": digests}}
    Path("registry/sources.json").write_text(json.dumps(table))
if name == "batch_test.py":
    run = Path(words[words.index("--run") + 1])
    run.mkdir(exist_ok=True)
    (run / "run.json").write_text("{}")
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one model type, and commands that only note how they were called."""
    root = tmp_path / "root"
    table = {"transformers": "1.0", "model_types": {}}
    table["model_types"] = {n: {"models": "1", "shared": "1"} for n in ("a", "gone")}
    files = {
        "environment/constraints.txt": "torch==2\ntransformers==1.0\n",
        "registry/sources.json": json.dumps(table),
        "registry/models/a.json": json.dumps(ENTRY),
        "registry/models/gone.json": json.dumps(ENTRY),
        "registry/tiny/gone/config.json": "{}",
        "docs/page.md": "",
    }
    files |= {f"scripts/{name}.py": FAKE for name in ("build_registry", "batch_test")}
    files |= {f"scripts/{name}.py": FAKE for name in ("record_results", "build_docs")}
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    git(root, "init", "--quiet")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "begin")
    return root


def records(monkeypatch: pytest.MonkeyPatch, result: dict[str, dict[str, str]]) -> None:
    """Let runs have these records: run -> cell's task -> status."""

    def measured(move: Move, runs: tuple[str, ...]) -> dict[Any, Any]:
        return {
            follow.Cell("a", task, "cpu"): {
                "status": status,
                "stage": "run",
                "detail": "no way\nat all",
            }
            for run in runs
            if (move.work / run).is_dir()
            for task, status in result[run].items()
        }

    monkeypatch.setattr(follow, "measured", measured)


def test_a_move_goes_on_where_it_stopped(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worktree.Tree, "version", lambda tree: "2.0")
    records(monkeypatch, {"cells": {"x": "FAILED", "y": "FAILED", "z": "FAILED"},
                          "again": {"x": "REAL"}})  # fmt: skip
    move = Move("2.0", tmp_path / "work", repository, python=Path(sys.executable))
    steps = follow.follow(move)
    while next(steps) != "plan":
        pass
    (move.work / "tree" / "stop").touch()
    with pytest.raises(UsageError, match="stopped here"):
        list(steps)
    (move.work / "tree" / "stop").unlink()
    list(follow.follow(move))
    tree = move.work / "tree"
    calls = (tree / "calls").read_text().splitlines()
    assert sum("--stage facts" in call for call in calls) == 1
    assert [call for call in calls if "--model n" in call and "--stage tiny" in call]
    assert [call for call in calls if "--model a" in call and "--stage tiny" in call]  # the mend
    assert not (tree / "registry/models/gone.json").exists()
    assert not (tree / "registry/tiny/gone").exists()
    assert "transformers==2.0" in (tree / "environment/constraints.txt").read_text()
    assert "transformers==1.0" in (repository / "environment/constraints.txt").read_text()
    result = follow.result(move)
    assert result.plan == Plan(["n"], ["a"], [], [], ["gone"])
    assert result.mended == ["a/x/cpu"] and result.regressions == {}
    assert result.new_failures == {"a/z/cpu": "run: no way"}  # y failed before, too
    assert "# transformers 1.0 -> 2.0" in report(result)
    part = follow.result(Move(**{**vars(move), "only": frozenset(["a"])}))
    assert part.plan == result.plan and "Only a: no other" in report(part)


def test_a_move_says_what_is_wrong(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    move = Move("2.0", tmp_path / "work", repository, python=Path(sys.executable))
    with pytest.raises(UsageError, match=r"expected 2\.0"):
        list(follow.follow(move))
    other = Move("2.0", tmp_path / "other", repository, python=Path(sys.executable))
    with pytest.raises(UsageError, match="branch transformers-2"):
        list(follow.follow(other))
    monkeypatch.setattr(worktree.Tree, "version", lambda tree: "2.0")
    with pytest.raises(UsageError, match="neither release has these model types: nope"):
        list(follow.follow(Move(**{**vars(move), "only": frozenset(["nope"])})))
