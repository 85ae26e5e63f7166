"""Updates packages that share one git repository, each in a repository of its own.

`copier update` looks at the whole repository: siblings disturb each other, and after one
conflict every later update dies. So each package's committed files go to a temporary
repository, Copier updates it there, and what changed comes back. Nothing is committed.
"""

from __future__ import annotations

import multiprocessing
import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
from pathlib import Path

from hf_skillset_templates.errors import UsageError
from hf_skillset_templates.git import forget_repository, git, mask_configuration
from hf_skillset_templates.isolation import end_with_parent

from .packages import read_answers

RUNTIME_FOLDER = "_runtime"
"""What every update replaces whole."""


class UpdateError(UsageError):
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
    """What failed, which files hold conflict markers, or what was edited and has no place now."""

    @property
    def model_type(self) -> str:
        """The name that progress shows."""
        return self.package

    def to_dict(self) -> dict[str, str]:
        """The outcome as JSON-compatible data."""
        return asdict(self)


def update_all(
    packages: list[Path],
    vcs_ref: str | None,
    workers: int,
    report: Callable[[UpdateOutcome], None],
) -> list[UpdateOutcome]:
    """Update every package to `vcs_ref` (default: the template's latest version)."""
    outcomes = []
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=prepare_worker) as pool:
        futures = {pool.submit(update_package, package, vcs_ref): package for package in packages}
        try:
            for future in as_completed(futures):
                try:
                    outcomes.append(future.result())
                except BrokenProcessPool as error:
                    name = futures[future].name
                    outcomes.append(UpdateOutcome(name, "failed", error=str(error)))
                report(outcomes[-1])
        except KeyboardInterrupt:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return sorted(outcomes, key=lambda outcome: outcome.package)


def prepare_worker() -> None:
    """Let a worker end with its parent, and Copier's git know nothing of its surroundings."""
    end_with_parent()
    forget_repository()
    mask_configuration()


def update_package(package: Path, vcs_ref: str | None) -> UpdateOutcome:
    """Update one package; what goes wrong is part of the outcome."""
    try:
        before = read_version(package)
        require_committed(package)
        with tempfile.TemporaryDirectory(prefix="batch-update-") as folder:
            copy = Path(folder) / package.name
            isolate(package, copy)
            run_copier(copy, vcs_ref)
            conflicts = git(copy, "diff", "--name-only", "--diff-filter=U", "-z").split("\0")[:-1]
            after = read_version(copy)
            changes = changed_files(copy)
            left = edited_before(package, [n for kind, n in changes if kind == "D"], Path(folder))
            bring_back(copy, package, [change for change in changes if change[1] not in left])
    except UsageError as error:
        return UpdateOutcome(package.name, "failed", error=str(error))
    except Exception as error:
        return UpdateOutcome(package.name, "failed", error=f"{type(error).__name__}: {error}")
    if conflicts or left:
        found = [f"conflict markers in {', '.join(conflicts)}"] if conflicts else []
        if left:
            found.append(f"no longer in the template, edited, and kept: {', '.join(left)}")
        return UpdateOutcome(package.name, "conflict", after, "; ".join(found))
    unchanged = before == after and not changes
    return UpdateOutcome(package.name, "up to date" if unchanged else "updated", after)


def read_version(package: Path) -> str:
    """The template version that a package was made with."""
    answers = read_answers(package)
    if "_commit" not in answers or "_src_path" not in answers:
        raise UpdateError(
            "its .copier-answers.yml names no template version: set _src_path to a git checkout "
            "or URL of the template and _commit to the version that the package was made with"
        )
    return str(answers["_commit"])


def require_committed(package: Path) -> None:
    """Raise where the package has changes that are in no commit: they could get lost."""
    if git(package, "status", "--porcelain", "--untracked-files=normal", "--", "."):
        raise UpdateError("it has uncommitted changes: commit or stash them first")


def isolate(package: Path, copy: Path) -> None:
    """Make a repository that holds the package's tracked files alone."""
    for name in tracked_files(package):
        target = copy / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(package / name, target, follow_symlinks=False)
    git(copy, "init", "--quiet", own=True)
    git(copy, "add", "--all", "--force", own=True)
    git(copy, "commit", "--quiet", "--message", "before the update", own=True)


def tracked_files(package: Path) -> list[str]:
    """The files of a package that git knows, relative to it."""
    return [name for name in git(package, "ls-files", "-z").split("\0") if name]


def run_copier(copy: Path, vcs_ref: str | None) -> None:
    """Let Copier update the isolated package, with conflicts marked in the files."""
    import copier

    copier.run_update(copy, vcs_ref=vcs_ref, defaults=True, overwrite=True, unsafe=True, quiet=True)


def changed_files(copy: Path) -> list[tuple[str, str]]:
    """What an update changed: the letter that git gives a change, and the file."""
    git(copy, "add", "--all", "--force", own=True)
    changes = git(copy, "diff", "--cached", "--name-status", "--no-renames", "-z").split("\0")
    return list(zip(changes[:-1:2], changes[1::2]))


def edited_before(package: Path, gone: list[str], folder: Path) -> list[str]:
    """Those of the files that an update takes away that are not as the template had made them.

    Copier takes files that left the template away, edited or not. `_runtime/` is never a person's.
    """
    candidates = [name for name in gone if RUNTIME_FOLDER not in Path(name).parts]
    if not candidates:
        return []
    import copier

    answers, made = read_answers(package), folder / "as-made"
    copier.run_copy(
        str(answers["_src_path"]),
        made,
        data={key: value for key, value in answers.items() if not key.startswith("_")},
        vcs_ref=str(answers["_commit"]),
        defaults=True,
        quiet=True,
        unsafe=True,
    )
    return [name for name in candidates if not same_bytes(package / name, made / name)]


def same_bytes(one: Path, other: Path) -> bool:
    """Whether two files are there with the same content."""
    return one.is_file() and other.is_file() and one.read_bytes() == other.read_bytes()


def bring_back(copy: Path, package: Path, changes: list[tuple[str, str]]) -> None:
    """Apply what the update changed to the package.

    Raises:
        UpdateError: a new file would take the place of one that is in no commit.
    """
    for kind, name in changes:
        if kind == "A":
            require_free(package, name)
    for kind, name in changes:
        if kind == "D":
            (package / name).unlink(missing_ok=True)
        else:
            (package / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(copy / name, package / name, follow_symlinks=False)


def require_free(package: Path, name: str) -> None:
    """Raise where something that git does not know, such as an ignored file, has that name."""
    taken = [path for path in (package / name, *(package / name).parents) if path != package]
    for path in taken[: len(Path(name).parts)]:
        if path.is_symlink() or path.is_file():
            raise UpdateError(
                f"the update adds {name}, and {path.relative_to(package)} is there and in no "
                "commit: move it away, or commit it"
            )
