"""Where a package comes from: what `copier update` later needs to know."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from hf_skillset_templates.git import GitError, git


@dataclass(frozen=True)
class Origin:
    """The answers that lead an update back to the template."""

    answers: dict[str, str] = field(default_factory=dict)
    """`_src_path`, and `_commit` where there is one."""
    warning: str = ""
    """Why updates will not work, or not from this version alone; one line."""


def template_origin(root: Path) -> dict[str, str]:
    """The answers that lead packages rendered from the checkout `root` back to it."""
    return find_origin(root).answers


def find_origin(root: Path) -> Origin:
    """The answers `_commit` and `_src_path` for packages rendered from the checkout `root`.

    The same that Copier itself records for `copier copy ROOT`: the version tag (or the
    commit, while there is no tag) and the absolute folder. Without `_commit` where `root` is
    not the top of a git checkout of its own: the commit of a repository around it says nothing
    of the template, and Copier cannot update from a plain folder.
    """
    place = {"_src_path": str(root)}
    try:
        top = Path(git(root, "rev-parse", "--show-toplevel").rstrip("\n"))
        if not top.samefile(root):
            return Origin(place, no_updates(root, f"it lies in the repository {top}"))
        version = git(root, "describe", "--tags", "--always").strip()
        dirty = git(root, "status", "--porcelain", "--untracked-files=no")
    except (GitError, OSError) as error:
        reason = str(error).replace("git rev-parse failed: fatal: ", "git says: ")
        return Origin(place, no_updates(root, " ".join(reason.split())))
    warning = (
        f"the template {root} has changes that are in no commit; the packages record {version}"
        if dirty
        else ""
    )
    return Origin({"_commit": version, **place}, warning)


def no_updates(root: Path, reason: str) -> str:
    """The one line that says what later updates will need."""
    return (
        f"the template {root} is not a git checkout of its own ({reason}); packages made from it "
        "can be updated only after _src_path and _commit in their .copier-answers.yml name a git "
        "checkout or URL and its version"
    )
