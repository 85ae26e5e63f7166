"""Updates packages that share one git repository, each in a temporary repository.

`copier update` requires the whole repository to be clean, so a conflict in one package blocks the
updates of all others. Here, each package's committed files are copied to a temporary repository,
Copier updates them there, and the changes are copied back. Nothing is committed.
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
    """The outcome of the update of one package."""

    package: str
    status: str
    """`updated`, `up to date`, `kept`, `conflict` or `failed`.

    `kept`: updated, but edited files that are no longer in the template were kept.
    """
    version: str = ""
    """The template version that the package has now."""
    error: str = ""
    """What failed, the files with conflict markers, or the kept files."""

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
    """Let a worker end with its parent, and isolate its git from the caller's repository."""
    end_with_parent()
    forget_repository()
    mask_configuration()


def update_package(package: Path, vcs_ref: str | None) -> UpdateOutcome:
    """Update one package; exceptions become part of the outcome."""
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
        if names := ", ".join(kept_files):
            problems.append(f"no longer in the template, kept because edited: {names}")
        status = "conflict" if conflicts else "kept"
        return UpdateOutcome(package.name, status, after, "; ".join(problems))
    unchanged = before == after and not changes
    return UpdateOutcome(package.name, "up to date" if unchanged else "updated", after)


def read_version(package: Path) -> str:
    """The template version that a package was made with."""
    answers = read_answers(package)
    if "_commit" not in answers or "_src_path" not in answers:
        raise UpdateError(
            ".copier-answers.yml has no template version: set _src_path to a git checkout or URL "
            "of the template and _commit to the version that the package was made with"
        )
    return str(answers["_commit"])


def require_committed(package: Path) -> None:
    """Raise UpdateError if the package has uncommitted changes, which could get lost."""
    if git(package, "status", "--porcelain", "--untracked-files=normal", "--", "."):
        raise UpdateError("the package has uncommitted changes: commit or stash them first")


def isolate(package: Path, copy: Path) -> None:
    """Create a repository that contains only the package's tracked files."""
    for name in tracked_files(package):
        target = copy / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(package / name, target, follow_symlinks=False)
    git(copy, "init", "--quiet", own=True)
    take_over_conversion(package, copy)
    git(copy, "add", "--all", "--force", own=True)
    git(copy, "commit", "--quiet", "--message", "before the update", own=True)


def tracked_files(package: Path) -> list[str]:
    """The tracked files of a package, relative to it, without submodules."""
    entries = git(package, "ls-files", "--stage", "-z").split("\0")[:-1]
    listed = (entry.partition("\t") for entry in entries)
    return [name for facts, _, name in listed if not facts.startswith(SUBMODULE)]


def take_over_conversion(package: Path, copy: Path) -> None:
    """Let git convert line endings in the copy as in the package's repository."""
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
    """The changes of an update: git's status letter, and the file."""
    git(copy, "add", "--all", "--force", own=True)
    changes = git(copy, "diff", "--cached", "--name-status", "--no-renames", "-z").split("\0")
    return list(zip(changes[:-1:2], changes[1::2]))


def bring_back(copy: Path, package: Path, changes: list[tuple[str, str]]) -> None:
    """Copy the changes of the update to the package.

    Raises:
        UpdateError: a new file would overwrite an untracked one.
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
    """Raise UpdateError if an untracked file, such as an ignored one, has that name."""
    taken = [path for path in (package / name, *(package / name).parents) if path != package]
    for path in taken[: len(Path(name).parts)]:
        if path.is_symlink() or path.is_file():
            raise UpdateError(
                f"the update adds {name}, but {path.relative_to(package)} exists and is not "
                "committed: move it away or commit it"
            )
