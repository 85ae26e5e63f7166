"""Keeps files of a user that `copier update` would remove or overwrite.

Copier removes every file that left the template, edited or not, and renders over files that git
ignores. It runs this hook before and after that, as a migration: what is in no commit is put back
as it was, and a file that was edited and left the template comes back from the last commit. Both
are named. `_runtime/` has no user files. Needs nothing beyond Copier's own dependencies.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from answers import FILE, HookError, parse_text
from running import run_hook
from template_git import git_in
from vendoring import FOLDER
from writing import say

BATCH = "HF_SKILLSET_BATCH_UPDATE"
"""Set where scripts/batch_update.py updates: it keeps these files itself, and reports them."""
HELD = "hf-skillset-held"
"""Folder inside `.git` that stores ignored files during an update."""
LONGEST = 600
"""Seconds after which an update without a sign of life counts as ended."""
LARGEST = 2**20
"""More bytes than any file that the template makes has."""


def begin(package: Path) -> None:
    """Begin an update: lock the package, and move the ignored files aside.

    Raises:
        HookError: another update of this package is at work.
    """
    note = note_of(package)
    if (process := at_work(note)) is not None:
        raise HookError(f"process {process} is updating {package.resolve()}: wait until it is done")
    note.parent.mkdir(parents=True, exist_ok=True)
    note.write_text(str(os.getppid()), "utf-8")
    hold_ignored(package)


def note_of(package: Path) -> Path:
    """The lock file with the process that updates a package: Copier, which runs this hook."""
    folder = held_folder(package)
    return folder.with_name(f"{folder.name}.process")


def at_work(note: Path) -> int | None:
    """The other process that updates the package; None if there is none."""
    try:
        process, since = int(note.read_text("utf-8")), note.stat().st_mtime
    except (OSError, ValueError):
        return None
    another = process > 0 and process != os.getppid()
    return process if another and is_alive(process, since) else None


def is_alive(process: int, since: float) -> bool:
    """Whether a process is there; Windows does not say so without ending it, so by its age."""
    if os.name == "nt":
        return time.time() - since < LONGEST
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def hold_ignored(package: Path) -> None:
    """Copy aside the files that git ignores and that the template could write over."""
    folder = held_folder(package)
    shutil.rmtree(folder, ignore_errors=True)
    for name in ignored(package):
        path = package / name
        if path.is_file() and not path.is_symlink() and path.stat().st_size <= LARGEST:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, folder / name)


def bring_back(package: Path) -> None:
    """Restore the user's files that the update removed or changed, and list them."""
    back = back_from(package, held_folder(package))
    if back:
        say(f"ignored by git, and left as they are: {', '.join(back)}")
    note_of(package).unlink(missing_ok=True)
    deleted = removed(package)
    try:
        kept = edited(package, deleted)
    except Exception as error:  # if Copier is hindered: an extra file is no loss
        say(f"the version that the package was made with cannot be rendered: {error}")
        kept = [name for name in deleted if is_a_person_s(name)]
    for name in kept:
        if git_in(package, "checkout", "HEAD", "--", name) is None:
            raise HookError(f"{name} left the template, and git cannot bring your edits back")
    if kept:
        say(f"no longer in the template, edited, and kept: {', '.join(kept)}")


def held_folder(package: Path) -> Path:
    """The folder for a package's ignored files: one per package of a repository."""
    git_folder = git_in(package, "rev-parse", "--absolute-git-dir")
    if git_folder is None:
        raise HookError(f"git says nothing of {package}")
    place = hashlib.sha256(os.fsencode(package.resolve())).hexdigest()[:16]
    return Path(os.fsdecode(git_folder).removesuffix("\n"), HELD, place)


def ignored(package: Path) -> list[str]:
    """The files that git ignores; of wholly ignored folders those that may be the template's."""
    options = ("ls-files", "--others", "--ignored", "--exclude-standard", "-z")
    paths = names(git_in(package, *options, "--directory", "--", "."))
    for folder in [name for name in paths if name.endswith("/") and is_ours(package, name)]:
        paths += names(git_in(package, *options, "--", folder))
    return [name for name in paths if not name.endswith("/") and is_a_person_s(name)]


def is_ours(package: Path, folder: str) -> bool:
    """Whether the template may have files in a folder: it is above or below those that it makes."""
    return Path(folder).parts[0] in {"src", "tests", ".github"}


def is_a_person_s(name: str) -> bool:
    """Whether a file may belong to the user: `_runtime/` and compiled files do not."""
    return not {FOLDER, "__pycache__"} & set(Path(name).parts)


def back_from(package: Path, folder: Path) -> list[str]:
    """Restore stored files that the update changed; returns their names."""
    back = []
    for held in sorted(path for path in folder.rglob("*") if path.is_file()):
        target = package / held.relative_to(folder)
        if not same_bytes(held, target):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(held, target)
            back.append(target.relative_to(package).as_posix())
    shutil.rmtree(folder, ignore_errors=True)
    return back


def removed(package: Path) -> list[str]:
    """The files of the last commit that are not there any more."""
    options = ("diff", "--name-only", "--diff-filter=D", "--no-renames", "--relative", "-z", "HEAD")
    return names(git_in(package, *options, "--", "."))


def edited(package: Path, deleted: Iterable[str]) -> list[str]:
    """Those of the last commit's files that are not as the template had made them."""
    candidates = [name for name in deleted if is_a_person_s(name)]
    if not candidates:
        return []
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder, "made")
        render(answers_before(package), made)
        return [name for name in candidates if is_edited(package, name, made)]


def is_edited(package: Path, name: str, made: Path) -> bool:
    """Whether the last commit has a file otherwise than the template made it."""
    if not (made / name).is_file():
        return True
    ours = git_in(package, "hash-object", f"--path={name}", "--", str(made / name))
    return ours is None or ours != git_in(package, "rev-parse", f"HEAD:./{name}")


def answers_before(package: Path) -> dict[str, Any]:
    """The answers that the package's last commit has."""
    text = git_in(package, "show", f"HEAD:./{FILE}")
    if text is None:
        raise HookError(f"the last commit has no {FILE}")
    return parse_text(text, package / FILE)


def render(answers: dict[str, Any], folder: Path) -> None:
    """Make the package as the template had made it, before anybody edited it."""
    import copier

    copier.run_copy(
        str(answers["_src_path"]),
        folder,
        data={key: value for key, value in answers.items() if not key.startswith("_")},
        vcs_ref=str(answers["_commit"]),
        defaults=True,
        quiet=True,
        unsafe=True,
    )


def same_bytes(one: Path, other: Path) -> bool:
    """Whether two files are there with the same content."""
    return one.is_file() and other.is_file() and one.read_bytes() == other.read_bytes()


def names(listed: bytes | None) -> list[str]:
    """The names in a list of git's that zeros end."""
    return [os.fsdecode(name) for name in (listed or b"").split(b"\0") if name]


def main(argv: list[str]) -> int:
    """Run on the package that the command line names, at the stage `before` or `after`."""
    if os.environ.get(BATCH):
        return 0
    package = Path(argv[0])
    if argv[1] != "before":
        return run_hook("keep_edits", lambda: bring_back(package))
    try:
        begin(package)
    except HookError as error:  # nothing is changed yet: the one place where an update may end
        say(f"keep_edits: {error}")
        return 1
    except OSError as error:
        say(f"keep_edits: {error}; ignored files are not held aside")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
