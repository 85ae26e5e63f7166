"""The oldest release of transformers with which every CPU cell of a model type runs, measured.

Releases are tried from the newest to the oldest, each in a virtual environment of its own that
lies over the packages of the running one. A model type that fails with a release is not tried
with older ones. `registry/oldest.json` has, for each model type tried, the oldest release that
passes and the reason why the next one fails. Model types without a tiny model are left out.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hf_skillset_templates.registry.store.entries import dump, write_text
from hf_skillset_templates.registry.store.paths import TINY
from hf_skillset_templates.results.records import Record, latest
from hf_skillset_templates.results.run_folder import read_run

from .cells import error_text, ran, run_cells
from .worktree import Tree

RELEASES = ("5.18.0", "5.12.0", "5.6.0", "5.0.0", "4.57.6")
Table = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Search:
    """Which releases are tried, and where: environments, runs and the log are in `work`."""

    work: Path
    root: Path
    newest: str
    """The release that the registry was measured with."""
    releases: tuple[str, ...] = RELEASES
    jobs: int = 1

    def in_order(self) -> list[str]:
        """The releases from the newest to the oldest."""
        return sorted(self.releases, key=numbers, reverse=True)

    def tree(self, release: str) -> Tree:
        python = self.work / f"venv-{release}" / "bin" / "python"
        return Tree(self.root, python, self.work / "commands.log")


def numbers(release: str) -> list[int]:
    """A release as something that sorts."""
    return [int(part) for part in re.findall(r"\d+", release)]


def search(settings: Search, model_types: list[str]) -> Iterator[tuple[str, Table]]:
    """Try the releases; yields each with the table of all model types after it."""
    settings.work.mkdir(parents=True, exist_ok=True)
    remaining = [name for name in model_types if (TINY / name / "config.json").is_file()]
    table: Table = {name: {"transformers": settings.newest} for name in remaining}
    for release in settings.in_order():
        if not remaining:
            return
        tree = settings.tree(release)
        make_layer(tree, release)
        records = measure(settings, tree, release, remaining)
        for name in remaining:
            note(table[name], release, records.get(name, []))
        remaining = [name for name in remaining if "fails" not in table[name]]
        yield release, table


def note(known: dict[str, Any], release: str, records: list[Record]) -> None:
    """Add what one release showed of one model type: it passes where every cell runs."""
    failed = [record for record in records if not ran(record)]
    if records and not failed:
        known.update(transformers=release, cells=len(records))
        return
    why = f"{failed[0]['task']}: {error_text(failed[0])}" if failed else "no cell could be started"
    known["fails"] = {"transformers": release, "error": why}


def measure(
    settings: Search, tree: Tree, release: str, model_types: list[str]
) -> dict[str, list[Record]]:
    """The records of every CPU cell of these model types with a release."""
    run = settings.work / f"run-{release}"
    run_cells(tree, model_types, run, settings.jobs)
    records: dict[str, list[Record]] = {}
    for cell, record in latest(read_run(run).records).items():
        records.setdefault(cell.model_type, []).append(record)
    return records


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


def write_table(path: Path, table: Table) -> bool:
    """Merge the table into the file, keeping other model types."""
    known = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    return write_text(path, dump(dict(sorted({**known, **table}.items()))))
