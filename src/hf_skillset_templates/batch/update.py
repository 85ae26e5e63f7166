"""Updates packages that share one git repository, each in a repository of its own.

`copier update` looks at the whole repository: siblings disturb each other, and after one
conflict every later update dies. So each package's committed files go to a temporary
repository, Copier updates it there, and what changed comes back. Nothing is committed.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

IDENTITY = {
    "GIT_AUTHOR_NAME": "batch update",
    "GIT_AUTHOR_EMAIL": "batch-update@localhost",
    "GIT_COMMITTER_NAME": "batch update",
    "GIT_COMMITTER_EMAIL": "batch-update@localhost",
    "GIT_CONFIG_GLOBAL": os.devnull,
}


class UpdateError(Exception):
    """A package cannot be updated; the message says why."""


@dataclass(frozen=True)
class UpdateOutcome:
    """How the update of one package ended."""

    package: str
    status: str
    """`updated`, `up to date`, `conflict` or `failed`."""
    version: str = ""
    """The template version that the package has now."""
    error: str = ""
    """What failed, or which files hold conflict markers."""

    @property
    def model_type(self) -> str:
        """The name that progress shows."""
        return self.package

    def to_dict(self) -> dict[str, str]:
        """The outcome as JSON-compatible data."""
        return asdict(self)


def find_packages(folder: Path) -> list[Path]:
    """The generated packages directly below a folder."""
    return sorted(answers.parent for answers in folder.glob("*/.copier-answers.yml"))


def update_all(
    packages: list[Path],
    vcs_ref: str | None,
    workers: int,
    report: Callable[[UpdateOutcome], None],
) -> list[UpdateOutcome]:
    """Update every package to `vcs_ref` (default: the template's latest version)."""
    outcomes = []
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        futures = [pool.submit(update_package, package, vcs_ref) for package in packages]
        try:
            for future in as_completed(futures):
                outcomes.append(future.result())
                report(outcomes[-1])
        except KeyboardInterrupt:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return sorted(outcomes, key=lambda outcome: outcome.package)


def update_package(package: Path, vcs_ref: str | None) -> UpdateOutcome:
    """Update one package; what goes wrong is part of the outcome."""
    try:
        before = read_version(package)
        require_committed(package)
        with tempfile.TemporaryDirectory(prefix="batch-update-") as folder:
            copy = Path(folder) / package.name
            isolate(package, copy)
            run_copier(copy, vcs_ref)
            conflicts = git(copy, "diff", "--name-only", "--diff-filter=U").split()
            after = read_version(copy)
            changed = bring_back(copy, package)
    except Exception as error:
        return UpdateOutcome(package.name, "failed", error=f"{type(error).__name__}: {error}")
    if conflicts:
        listed = ", ".join(conflicts)
        return UpdateOutcome(package.name, "conflict", after, f"conflict markers in {listed}")
    unchanged = before == after and not changed
    return UpdateOutcome(package.name, "up to date" if unchanged else "updated", after)


def read_version(package: Path) -> str:
    """The template version that a package was made with."""
    answers: dict[str, Any] = yaml.safe_load((package / ".copier-answers.yml").read_text("utf-8"))
    if "_commit" not in answers or "_src_path" not in answers:
        raise UpdateError("its answers file names no template version, so Copier cannot update it")
    return str(answers["_commit"])


def require_committed(package: Path) -> None:
    """Raise where the package has changes that are in no commit: they could get lost."""
    if git(package, "status", "--porcelain", "--", "."):
        raise UpdateError("it has uncommitted changes: commit or stash them first")


def isolate(package: Path, copy: Path) -> None:
    """Make a repository that holds the package's tracked files alone."""
    for name in tracked_files(package):
        target = copy / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(package / name, target, follow_symlinks=False)
    git(copy, "init", "--quiet")
    git(copy, "add", "--all", "--force")
    git(copy, "commit", "--quiet", "--message", "before the update")


def tracked_files(package: Path) -> list[str]:
    """The files of a package that git knows, relative to it."""
    return [name for name in git(package, "ls-files", "-z").split("\0") if name]


def run_copier(copy: Path, vcs_ref: str | None) -> None:
    """Let Copier update the isolated package, with conflicts marked in the files."""
    import copier

    copier.run_update(copy, vcs_ref=vcs_ref, defaults=True, overwrite=True, unsafe=True, quiet=True)


def bring_back(copy: Path, package: Path) -> bool:
    """Apply what the update changed to the package; whether there was anything."""
    git(copy, "add", "--all", "--force")
    changes = git(copy, "diff", "--cached", "--name-status", "--no-renames", "-z").split("\0")
    pairs: Iterator[str] = iter(changes[:-1])
    for kind, name in zip(pairs, pairs):
        if kind == "D":
            (package / name).unlink(missing_ok=True)
        else:
            (package / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(copy / name, package / name, follow_symlinks=False)
    return len(changes) > 1


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder; its output."""
    finished = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, **IDENTITY},
    )
    if finished.returncode:
        raise UpdateError(f"git {arguments[0]} failed: {finished.stderr.strip()}")
    return finished.stdout
