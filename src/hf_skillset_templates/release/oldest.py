"""The oldest release of transformers with which the CPU cells of a model type run, measured.

What is known of a model type is a bracket: the oldest release that passes, and above it nothing
else, below it the newest release that fails with the reason. A search tries the releases inside
the bracket, the oldest first, each in a virtual environment of its own that lies over the packages
of the running one; a release that passes ends it. It is assumed that the releases between one that
passes and the registry's pass, too. Model types without a verified cell are left out.
"""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hf_skillset_templates.registry.store.entries import dump, read_entry, write_text
from hf_skillset_templates.registry.store.model_types import package_name
from hf_skillset_templates.registry.store.oldest import Table, numbers
from hf_skillset_templates.results.records import Record, latest
from hf_skillset_templates.results.run_folder import RUN, read_run

from .cells import error_text, ran, run_cells
from .worktree import Tree

RELEASES = ("5.18.0", "5.12.0", "5.6.0", "5.0.0", "4.57.6")
BATCH = 110
"""Model types that are tried with all releases before the next ones."""
TIMEOUT_S = 1800
"""Seconds for one package: the search may run beside other work, at the lowest priority."""
_NAMES = (
    "import json; from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES;"
    "print(json.dumps(list(CONFIG_MAPPING_NAMES)))"
)


@dataclass(frozen=True)
class Search:
    """Which releases are tried, and where: environments, runs and the log are in `work`."""

    work: Path
    root: Path
    newest: str
    """The release that the registry was measured with."""
    releases: tuple[str, ...] = RELEASES
    jobs: int = 1
    primary: bool = False
    """Whether only the first task of each model type is tried."""

    def in_order(self) -> list[str]:
        """The releases from the oldest to the newest."""
        return sorted(self.releases, key=numbers)

    def tree(self, release: str) -> Tree:
        python = self.work / f"venv-{release}" / "bin" / "python"
        return Tree(self.root, python, self.work / "commands.log")

    @property
    def packages(self) -> Path:
        """The packages that all releases are tried with, as they were when first rendered."""
        return self.work / "packages"


def search(
    settings: Search, model_types: list[str], known: Table | None = None
) -> Iterator[tuple[str, Table]]:
    """Try the releases; yields each, with the table, after a batch of the model types.

    Args:
        model_types: which ones; those whose cells cost least are tried first.
        known: what an earlier search found; the releases inside its brackets are tried.
    """
    settings.work.mkdir(parents=True, exist_ok=True)
    names = sorted((name for name in model_types if can_try(settings, name)), key=seconds)
    table: Table = {name: {"transformers": settings.newest} for name in names}
    table |= {name: known[name] for name in names if known and name in known}
    if wanted := [
        name for name in names if any(inside(settings, table[name], r) for r in settings.releases)
    ]:
        render(settings, wanted)
    for release in settings.in_order():
        if tried := [name for name in names if inside(settings, table[name], release)]:
            note_unknown(settings, release, tried, table)
            yield release, told(table)
    for start in range(0, len(names), BATCH):
        batch = names[start : start + BATCH]
        for release in settings.in_order():
            if tried := [name for name in batch if inside(settings, table[name], release)]:
                try_release(settings, release, tried, table)
                yield release, told(table)


def told(table: Table) -> Table:
    """The table without the model types of which it says nothing."""
    return {name: known for name, known in table.items() if len(known) > 1}


def note_unknown(settings: Search, release: str, model_types: list[str], table: Table) -> None:
    """Note in the table which of these model types a release does not have."""
    tree = settings.tree(release)
    make_layer(tree, release)
    has = known_types(tree, settings.work / f"model_types-{release}.json")
    for name in (name for name in model_types if name not in has):
        fails(table[name], release, f"transformers {release} has no model type {name}")


def try_release(settings: Search, release: str, model_types: list[str], table: Table) -> None:
    """Note in the table what the cells of these model types show with a release."""
    records = measure(settings, settings.tree(release), release, model_types)
    for name in model_types:
        tasks = verified_tasks(name)
        note(table[name], release, records.get(name, []), tasks, settings.primary)


def can_try(settings: Search, model_type: str) -> bool:
    """Whether a cell is verified with the registry's release: the first one if only it is run."""
    tasks = verified_tasks(model_type)
    first = read_entry(model_type).get("primary_task")
    return first in tasks if settings.primary else bool(tasks)


def verified_tasks(model_type: str) -> list[str]:
    """The tasks whose CPU cell is verified with the registry's release."""
    known = read_entry(model_type).get("hardware_compatibility", {}).get("cpu", {})
    return list(known.get("verified", ()))


def seconds(model_type: str) -> float:
    """What the CPU cells of a model type took."""
    known = read_entry(model_type)["hardware_compatibility"]["cpu"]
    return float(sum(known.get("seconds", {}).values()))


def inside(settings: Search, known: dict[str, Any], release: str) -> bool:
    """Whether it is unknown of a release whether it works."""
    failed = known.get("fails", {}).get("transformers", "0")
    whole = settings.primary or known.get("cells") == known.get("of")
    passes = known["transformers"] if whole else settings.newest
    return numbers(failed) < numbers(release) < numbers(passes)


def note(
    known: dict[str, Any],
    release: str,
    records: list[Record],
    verified: list[str],
    primary: bool = False,
) -> None:
    """Add what one release showed of one model type: it passes where the verified cells run.

    Args:
        verified: the tasks whose cell is verified with the registry's release, the first one first.
        primary: the first of them is enough.
    """
    expected = verified[:1] if primary else verified
    by_task = {record["task"]: record for record in records}
    if expected and all(task in by_task and ran(by_task[task]) for task in expected):
        known.update(transformers=release, cells=len(expected), of=len(verified))
        return
    failed = [by_task[task] for task in expected if task in by_task and not ran(by_task[task])]
    why = f"{failed[0]['task']}: {error_text(failed[0])}" if failed else "no cell could be started"
    fails(known, release, why)


def fails(known: dict[str, Any], release: str, why: str) -> None:
    known["fails"] = {"transformers": release, "error": why}


def measure(
    settings: Search, tree: Tree, release: str, model_types: list[str]
) -> dict[str, list[Record]]:
    """The records of the CPU cells with a release; of all tasks where the first one ran."""
    run = settings.work / f"run-{release}"

    def run_these(names: list[str], primary: bool) -> dict[str, list[Record]]:
        run_cells(
            tree,
            names,
            run,
            settings.jobs,
            packages=settings.packages,
            primary=primary,
            timeout_s=TIMEOUT_S,
        )
        return by_model_type(run)

    records = run_these(model_types, True)
    more = [name for name in model_types if all(map(ran, records.get(name, [])))]
    return run_these(more, False) if more and not settings.primary else records


def by_model_type(run: Path) -> dict[str, list[Record]]:
    """The last record of every cell of a run."""
    records: dict[str, list[Record]] = {}
    if (run / RUN).is_file():
        for cell, record in latest(read_run(run).records).items():
            records.setdefault(cell.model_type, []).append(record)
    return records


def render(settings: Search, model_types: list[str]) -> None:
    """Render the packages of these model types that are not there yet."""
    folders = {name: settings.packages / package_name(name) for name in model_types}
    if not (missing := [name for name, folder in folders.items() if not folder.is_dir()]):
        return
    tree = Tree(settings.root, Path(sys.executable), settings.work / "commands.log")
    options = ("--output-dir", str(settings.packages), "--platforms", "cpu", "--json")
    jobs = ("--jobs", str(settings.jobs))
    tree.run("scripts/batch_generate.py", "--model", ",".join(missing), *options, *jobs)


def known_types(tree: Tree, kept: Path) -> set[str]:
    """The model types that the interpreter's release knows, `kept` in a file."""
    if not kept.is_file():
        write_text(kept, dump(json.loads(tree.output("-c", _NAMES))))
    return set(json.loads(kept.read_text("utf-8")))


def make_layer(tree: Tree, release: str) -> None:
    """A virtual environment with a release over the packages of the running interpreter.

    Raises:
        UsageError: pip does not install the release; the message has its last line.
    """
    folder = tree.python.parents[1]
    done = folder / "installed"
    if done.exists():
        return
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
    below = sysconfig.get_path("purelib")
    own = folder.joinpath(*Path(below).relative_to(sys.prefix).parts)
    (own / "below.pth").write_text(f"import site; site.addsitedir({below!r})\n")
    tree.run("-m", "pip", "install", "--quiet", f"transformers=={release}")
    tree.require_version(release)
    done.touch()
