"""The steps of a move to a release of transformers, each journaled.

| step | action |
| --- | --- |
| worktree | a git worktree on a branch of its own, with the pin moved |
| environment | a virtual environment with that release, or the one that was named |
| facts | reads the sources of every model type, new fingerprints |
| plan | compares facts and fingerprints: new, changed, shared, unchanged, gone |
| build | new model types whole, changed ones with the tiny model that they have |
| measure | every cell of new and changed ones and of those whose shared modules changed |
| mend | what ran before and fails now gets a new tiny model, and is measured again |
| record | results into the entries, the tables of the pages |
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

from hf_skillset_templates.errors import UsageError
from hf_skillset_templates.git import git
from hf_skillset_templates.registry.build import STAGES
from hf_skillset_templates.registry.store.entries import ORDER
from hf_skillset_templates.results.records import FAILED, Cell, Record, latest
from hf_skillset_templates.results.run_folder import read_run

from .cells import error_text, ran, run_cells
from .journal import Journal
from .plan import KINDS, MEASURED, Entry, Plan, Sources, changed_facts, plan
from .worktree import Tree, make_environment, make_worktree, move_pin

SOURCES, ENTRIES = "registry/sources.json", "registry/models"
OF_CHANGED = tuple(stage for stage in STAGES if stage not in ("facts", "tiny"))
OF_NEW = ("tiny", *OF_CHANGED)
BATCH = 25
"""Number of model types per command; an interrupted build loses at most these."""


@dataclass(frozen=True)
class Move:
    """A move to a release: the release, the folders, and the model types."""

    version: str
    work: Path
    root: Path
    jobs: int = 1
    only: frozenset[str] = frozenset()
    """Model types to build and measure; empty for all. Facts are always read for all.

    A later move of all model types does not measure these again.
    """
    python: Path | None = None
    """An interpreter with the release; None to create a virtual environment."""

    def journal(self) -> Journal:
        return Journal(self.work, {"version": self.version})

    def scoped(self, step: str) -> str:
        """The journal's name of a step that depends on the selected model types."""
        return " ".join([step, *sorted(self.only)])

    def tree(self) -> Tree:
        python = self.python or self.work / "venv" / "bin" / "python"
        return Tree(self.work / "tree", python, self.work / "commands.log")


@dataclass(frozen=True)
class Result:
    """The result of a move; keys of `facts` are dotted paths, cells are `type/task/platform`."""

    before: str
    after: str
    plan: Plan
    """Of all model types."""
    only: list[str]
    """The model types that were built and measured; empty for all."""
    facts: dict[str, dict[str, Any]]
    ran: int
    cells: int
    mended: list[str]
    regressions: dict[str, str]
    """Cells that ran before and fail now, with the stage and the error."""
    new_failures: dict[str, str]
    """Cells of new model types, or new cells, that fail."""
    seconds: dict[str, float]


def follow(move: Move) -> Iterator[str]:
    """Run the steps that are not yet done; yields the name of each before it begins."""
    move.work.mkdir(parents=True, exist_ok=True)
    journal, tree = move.journal(), move.tree()
    yield "worktree"
    base = journal.step("worktree", lambda: begin(move, tree))
    yield "environment"
    journal.step("environment", lambda: set_up(move, tree))
    yield "facts"
    journal.step("facts", lambda: read_facts(move, tree))
    yield "plan"
    comparison = journal.step("plan", lambda: compare(tree, base["commit"]))
    planned = chosen(Plan(**comparison["plan"]), move.only)
    yield "build"
    for number, (names, stages) in enumerate(batches(planned)):
        name = move.scoped(f"build {number}")
        journal.step(name, partial(build, move, tree, names, stages))
    yield "measure"
    names = planned.of(MEASURED)
    journal.step(move.scoped("measure"), lambda: measure(move, tree, names, "cells"))
    yield "mend"
    lost = sorted({cell.model_type for cell in regressions(move, base["commit"], ("cells",))})
    journal.step(move.scoped("mend"), lambda: mend(move, tree, lost))
    yield "record"
    journal.step(move.scoped("record"), lambda: record(move, tree))


def result(move: Move) -> Result:
    """The result of a finished move, from its journal and runs."""
    journal = move.journal()
    steps = {name: step["result"] for name, step in journal.state["steps"].items()}
    commit = steps["worktree"]["commit"]
    first, last = (regressions(move, commit, runs) for runs in (("cells",), ("cells", "again")))
    records = measured(move, ("cells", "again"))
    lost = {str(cell): error_text(record) for cell, record in last.items()}
    planned = Plan(**steps["plan"]["plan"])
    failed = {
        str(cell): error_text(record)
        for cell, record in records.items()
        if record["status"] == FAILED or (not ran(record) and cell.model_type in planned.new)
    }
    return Result(
        before=steps["worktree"]["before"],
        after=move.version,
        plan=planned,
        only=sorted(move.only),
        facts=steps["plan"]["facts"],
        ran=sum(map(ran, records.values())),
        cells=len(records),
        mended=sorted(map(str, first.keys() - last.keys())),
        regressions=lost,
        new_failures={
            cell: error
            for cell, error in failed.items()
            if cell not in lost and not known_failure(move, commit, cell)
        },
        seconds=journal.seconds(),
    )


def begin(move: Move, tree: Tree) -> dict[str, str]:
    """Create the worktree and move the pin; returns the commit and the previous release."""
    commit = make_worktree(move.root, tree.folder, f"transformers-{move.version}")
    return {"commit": commit, "before": move_pin(tree.folder, move.version)}


def set_up(move: Move, tree: Tree) -> str:
    """Set up the interpreter; returns its release of transformers.

    Raises:
        UsageError: it has another release than requested.
    """
    if move.python is None:
        make_environment(tree)
    tree.require_version(move.version)
    return move.version


def read_facts(move: Move, tree: Tree) -> str:
    """Read the facts of every model type; removes the entries of removed model types."""
    tree.run("scripts/build_registry.py", "--all", "--stage", "facts", "--json")
    known = json.loads((tree.folder / SOURCES).read_text("utf-8"))["model_types"]
    for path in (tree.folder / ENTRIES).glob("*.json"):
        if path.stem not in known:
            path.unlink()
            shutil.rmtree(tree.folder / "registry" / "tiny" / path.stem, ignore_errors=True)
    return tree.commit(f"transformers {move.version}: facts")


def compare(tree: Tree, base: str) -> dict[str, Any]:
    """The plan, and the changed facts of each model type."""
    after: Sources = json.loads((tree.folder / SOURCES).read_text("utf-8"))["model_types"]
    before = sources_at(tree.folder, base)
    facts = {}
    for name in sorted(before.keys() & after.keys()):
        old = entry_at(tree.folder, base, name)
        new = json.loads((tree.folder / ENTRIES / f"{name}.json").read_text("utf-8"))
        measured_fields = {*old, *new} - set(ORDER)
        if changed := changed_facts(old, new, measured_fields):
            facts[name] = changed
    return {"plan": plan(before, after, facts).as_dict(), "facts": facts}


def chosen(whole: Plan, only: frozenset[str]) -> Plan:
    """The plan for the requested model types; the whole plan if none are given.

    Raises:
        UsageError: neither of the two releases has one of them.
    """
    if unknown := sorted(only - set(whole.of(KINDS))):
        raise UsageError(f"neither release has these model types: {', '.join(unknown)}")
    return whole.only(set(only)) if only else whole


@cache
def sources_at(folder: Path, commit: str) -> Sources:
    """The digests of the sources at a commit."""
    table: dict[str, Any] = json.loads(git(folder, "show", f"{commit}:{SOURCES}"))
    return dict(table["model_types"])


def entry_at(folder: Path, commit: str, model_type: str) -> Entry:
    """The entry of a model type at a commit."""
    return dict(json.loads(git(folder, "show", f"{commit}:{ENTRIES}/{model_type}.json")))


def batches(planned: Plan) -> Iterator[tuple[list[str], tuple[str, ...]]]:
    """The model types to build, in batches, with their stages."""
    for names, stages in ((planned.new, OF_NEW), (planned.changed, OF_CHANGED)):
        yield from ((names[i : i + BATCH], stages) for i in range(0, len(names), BATCH))


def build(move: Move, tree: Tree, names: list[str], stages: tuple[str, ...]) -> str:
    """Run stages of the registry for model types; failures are recorded in their entries."""
    options = [word for name in names for word in ("--model", name)]
    options += [word for stage in stages for word in ("--stage", stage)]
    tree.run("scripts/build_registry.py", *options, "--jobs", str(move.jobs), "--json")
    return tree.commit(f"transformers {move.version}: {names[0]} to {names[-1]} built")


def measure(move: Move, tree: Tree, names: list[str], run: str) -> int:
    """Run every CPU cell of these model types; returns the number of cells."""
    if names:
        run_cells(tree, names, move.work / run, move.jobs)
    return len(measured(move, (run,)))


def mend(move: Move, tree: Tree, names: list[str]) -> list[str]:
    """Search new tiny models for these model types, and measure their cells again."""
    for start in range(0, len(names), BATCH):
        build(move, tree, names[start : start + BATCH], OF_NEW)
    measure(move, tree, names, "again")
    return names


def record(move: Move, tree: Tree) -> str:
    """Record the results in the entries, and rewrite the pages."""
    for run in ("cells", "again"):
        if measured(move, (run,)):
            tree.run("scripts/record_results.py", str(move.work / run))
    tree.run("scripts/build_docs.py")
    return tree.commit(f"transformers {move.version}: cells measured")


def measured(move: Move, runs: tuple[str, ...]) -> dict[Cell, Record]:
    """The last record of every cell in these runs."""
    folders = [move.work / run for run in runs if (move.work / run / "run.json").is_file()]
    return latest([record for folder in folders for record in read_run(folder).records])


def regressions(move: Move, base: str, runs: tuple[str, ...]) -> dict[Cell, Record]:
    """The cells that were verified at the base commit and fail now."""
    failed = {cell: record for cell, record in measured(move, runs).items() if not ran(record)}
    return {
        cell: record
        for cell, record in failed.items()
        if cell.task in known(move, base, cell).get("verified", ())
    }


def known_failure(move: Move, base: str, cell: str) -> bool:
    """Whether a cell failed at the base commit."""
    parsed = Cell(*cell.split("/"))
    return parsed.task in known(move, base, parsed).get("failed", {})


def known(move: Move, base: str, cell: Cell) -> dict[str, Any]:
    """The results of a cell's model type on its platform at a commit."""
    if cell.model_type not in sources_at(move.root, base):
        return {}
    entry = entry_at(move.root, base, cell.model_type)
    return dict(entry.get("hardware_compatibility", {}).get(cell.platform, {}))
