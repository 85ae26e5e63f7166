"""The origin of a package: the answers that a later `copier update` needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from hf_skillset_templates.git import GitError, git


@dataclass(frozen=True)
class Origin:
    """The answers with which `copier update` finds the template."""

    answers: dict[str, str] = field(default_factory=dict)
    """`_src_path`, and `_commit` if the template is in git."""
    warning: str = ""
    """Why updates will not work, or only from an earlier version; one line."""


def template_origin(root: Path) -> dict[str, str]:
    """The answers `_commit` and `_src_path`; see `find_origin`."""
    return find_origin(root).answers


def find_origin(root: Path) -> Origin:
    """The answers `_commit` and `_src_path` for packages rendered from the checkout `root`.

    The same as Copier records for `copier copy ROOT`: the version tag (or the commit, if there
    is no tag) and the absolute path. Without `_commit` if `root` is not the root of a git
    checkout, because Copier cannot update from a folder without its own repository.
    """
    place = {"_src_path": str(root)}
    try:
        top = Path(git(root, "rev-parse", "--show-toplevel").rstrip("\n"))
        if not top.samefile(root):
            return Origin(place, no_updates(root, f"it is part of the repository {top}"))
        version = git(root, "describe", "--tags", "--always").strip()
        dirty = git(root, "status", "--porcelain", "--untracked-files=no")
    except (GitError, OSError) as error:
        reason = str(error).replace("git rev-parse failed: fatal: ", "git says: ")
        return Origin(place, no_updates(root, " ".join(reason.split())))
    warning = (
        f"the template {root} has uncommitted changes; the packages record its version {version}"
        if dirty
        else ""
    )
    return Origin({"_commit": version, **place}, warning)


def no_updates(root: Path, reason: str) -> str:
    """The warning that later updates need corrected answers."""
    return (
        f"the template {root} is not the root of a git checkout ({reason}); before its packages "
        "can be updated, set _src_path and _commit in their .copier-answers.yml to a git checkout "
        "or URL of the template and its version"
    )
