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
from hf_skillset_templates.template_hooks import load_hook

from .packages import read_answers

SUBMODULE = "160000 "
"""The mode of a submodule in git's index."""


class UpdateError(UsageError):
    """A package cannot be updated; the message says why."""


@dataclass(frozen=True)
class UpdateOutcome:
    """How the update of one package ended."""

    package: str
    status: str
    """`updated`, `up to date`, `kept`, `conflict` or `failed`.

    `kept`: updated, but files that left the template hold edits and are still there.
    """
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
            deleted = [name for kind, name in changes if kind == "D"]
            kept_files = load_hook("keep_edits").edited(package, deleted)
            bring_back(copy, package, [change for change in changes if change[1] not in kept_files])
    except UsageError as error:
        return UpdateOutcome(package.name, "failed", error=str(error))
    except Exception as error:
        return UpdateOutcome(package.name, "failed", error=f"{type(error).__name__}: {error}")
    if conflicts or kept_files:
        problems = [f"conflict markers in {', '.join(conflicts)}"] if conflicts else []
        if kept_files:
            problems.append(f"no longer in the template, edited, and kept: {', '.join(kept_files)}")
        status = "conflict" if conflicts else "kept"
        return UpdateOutcome(package.name, status, after, "; ".join(problems))
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
    take_over_conversion(package, copy)
    git(copy, "add", "--all", "--force", own=True)
    git(copy, "commit", "--quiet", "--message", "before the update", own=True)


def tracked_files(package: Path) -> list[str]:
    """The files of a package that git knows, relative to it; what submodules hold is theirs."""
    entries = git(package, "ls-files", "--stage", "-z").split("\0")[:-1]
    listed = (entry.partition("\t") for entry in entries)
    return [name for facts, _, name in listed if not facts.startswith(SUBMODULE)]


def take_over_conversion(package: Path, copy: Path) -> None:
    """Let git convert line ends in the copy as it does in the package's own repository."""
    for key in ("core.autocrlf", "core.eol"):
        if value := git(package, "config", "--default", "", "--get", key).strip():
            git(copy, "config", key, value, own=True)
    top = Path(git(package, "rev-parse", "--show-toplevel").removesuffix("\n"))
    above = [folder for folder in package.resolve().parents if folder.is_relative_to(top.resolve())]
    files = [folder / ".gitattributes" for folder in reversed(above)]
    texts = [path.read_bytes() for path in files if path.is_file()]
    (copy / ".git" / "info").mkdir(exist_ok=True)
    (copy / ".git" / "info" / "attributes").write_bytes(b"\n".join(texts))


def run_copier(copy: Path, vcs_ref: str | None) -> None:
    """Let Copier update the isolated package, with conflicts marked in the files."""
    import copier
    from plumbum import local  # Copier's own environment for what it starts

    with local.env(**{load_hook("keep_edits").BATCH: "1"}):
        copier.run_update(
            copy, vcs_ref=vcs_ref, defaults=True, overwrite=True, unsafe=True, quiet=True
        )


def changed_files(copy: Path) -> list[tuple[str, str]]:
    """What an update changed: the letter that git gives a change, and the file."""
    git(copy, "add", "--all", "--force", own=True)
    changes = git(copy, "diff", "--cached", "--name-status", "--no-renames", "-z").split("\0")
    return list(zip(changes[:-1:2], changes[1::2]))


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
