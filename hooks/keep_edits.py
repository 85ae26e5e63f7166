"""Keeps files of a user that `copier update` would remove or overwrite.

Copier removes every file that is no longer in the template, edited or not, and overwrites files
that git ignores. It runs this hook before and after an update, as a migration: ignored files are
backed up and restored, and edited files that Copier removed are restored from the last commit. Both
are listed. `_runtime/` has no user files. Requires only Copier's own dependencies.
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
"""Set by scripts/batch_update.py, which keeps and reports these files itself."""
HELD = "hf-skillset-held"
"""Folder inside `.git` that stores ignored files during an update."""
LONGEST = 600
"""Age of the lock file (seconds) after which an update counts as ended, on Windows."""
LARGEST = 2**20
"""Size (bytes) up to which ignored files are backed up; files of the template are smaller."""


def begin(package: Path) -> None:
    """Begin an update: lock the package and back up the files that git ignores.

    Raises:
        HookError: another process is updating this package, or it is not in a git repository.
    """
    lock = lock_file(package)
    if (process := updating_process(lock)) is not None:
        raise HookError(f"process {process} is updating {package.resolve()}: wait until it ends")
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.write_text(str(os.getppid()), "utf-8")
    hold_ignored(package)


def lock_file(package: Path) -> Path:
    """The lock file; it contains the id of the updating process (Copier, which runs this hook)."""
    folder = held_folder(package)
    return folder.with_name(f"{folder.name}.process")


def updating_process(lock: Path) -> int | None:
    """The id of another process that is updating the package; None if there is none."""
    try:
        process, since = int(lock.read_text("utf-8")), lock.stat().st_mtime
    except (OSError, ValueError):
        return None
    another = process > 0 and process != os.getppid()
    return process if another and is_alive(process, since) else None


def is_alive(process: int, since: float) -> bool:
    """Whether a process is running; on Windows, whether the lock file is recent enough."""
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
    """Back up the files that git ignores and that the template could overwrite."""
    folder = held_folder(package)
    shutil.rmtree(folder, ignore_errors=True)
    for name in ignored(package):
        path = package / name
        if path.is_file() and not path.is_symlink() and path.stat().st_size <= LARGEST:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, folder / name)


def restore(package: Path) -> None:
    """Restore the user's files that the update removed or changed, and list them.

    Raises:
        HookError: git cannot restore a file.
    """
    restored = restore_from(package, held_folder(package))
    if restored:
        say(f"ignored by git, kept unchanged: {', '.join(restored)}")
    lock_file(package).unlink(missing_ok=True)
    deleted = removed(package)
    try:
        kept = edited(package, deleted)
    except Exception as error:  # keeping an unedited file does no harm
        say(f"cannot render the template version that made the package: {error}")
        kept = [name for name in deleted if may_be_users(name)]
    for name in kept:
        if git_in(package, "checkout", "HEAD", "--", name) is None:
            raise HookError(f"git cannot restore {name}, an edited file removed from the template")
    if kept:
        say(f"no longer in the template, kept because edited: {', '.join(kept)}")


def held_folder(package: Path) -> Path:
    """The backup folder for a package's ignored files: one per package of a repository.

    Raises:
        HookError: the package is not in a git repository, or git is not installed.
    """
    git_folder = git_in(package, "rev-parse", "--absolute-git-dir")
    if git_folder is None:
        raise HookError(f"{package} is not in a git repository, or git is not installed")
    place = hashlib.sha256(os.fsencode(package.resolve())).hexdigest()[:16]
    return Path(os.fsdecode(git_folder).removesuffix("\n"), HELD, place)


def ignored(package: Path) -> list[str]:
    """The files that git ignores; of completely ignored folders only those of the template."""
    options = ("ls-files", "--others", "--ignored", "--exclude-standard", "-z")
    paths = names(git_in(package, *options, "--directory", "--", "."))
    for folder in [name for name in paths if name.endswith("/") and has_template_files(name)]:
        paths += names(git_in(package, *options, "--", folder))
    return [name for name in paths if not name.endswith("/") and may_be_users(name)]


def has_template_files(folder: str) -> bool:
    """Whether the template may write files into a folder."""
    return Path(folder).parts[0] in {"src", "tests", ".github"}


def may_be_users(name: str) -> bool:
    """Whether a file may belong to the user: `_runtime/` and compiled files do not."""
    return not {FOLDER, "__pycache__"} & set(Path(name).parts)


def restore_from(package: Path, folder: Path) -> list[str]:
    """Restore the backed up files that the update changed; returns their names."""
    restored = []
    for held in sorted(path for path in folder.rglob("*") if path.is_file()):
        target = package / held.relative_to(folder)
        if not same_bytes(held, target):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(held, target)
            restored.append(target.relative_to(package).as_posix())
    shutil.rmtree(folder, ignore_errors=True)
    return restored


def removed(package: Path) -> list[str]:
    """The files of the last commit that no longer exist."""
    options = ("diff", "--name-only", "--diff-filter=D", "--no-renames", "--relative", "-z", "HEAD")
    return names(git_in(package, *options, "--", "."))


def edited(package: Path, deleted: Iterable[str]) -> list[str]:
    """The files of the last commit that differ from those that the template made."""
    candidates = [name for name in deleted if may_be_users(name)]
    if not candidates:
        return []
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder, "made")
        render(answers_before(package), made)
        return [name for name in candidates if is_edited(package, name, made)]


def is_edited(package: Path, name: str, made: Path) -> bool:
    """Whether a file of the last commit differs from the one that the template made."""
    if not (made / name).is_file():
        return True
    unedited = git_in(package, "hash-object", f"--path={name}", "--", str(made / name))
    return unedited is None or unedited != git_in(package, "rev-parse", f"HEAD:./{name}")


def answers_before(package: Path) -> dict[str, Any]:
    """The answers in the package's last commit."""
    text = git_in(package, "show", f"HEAD:./{FILE}")
    if text is None:
        raise HookError(f"the last commit has no {FILE}")
    return parse_text(text, package / FILE)


def render(answers: dict[str, Any], folder: Path) -> None:
    """Render the package with the template version that made it."""
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
    """Whether two files exist and have the same content."""
    return one.is_file() and other.is_file() and one.read_bytes() == other.read_bytes()


def names(listed: bytes | None) -> list[str]:
    """The names in the NUL-terminated output of git (`-z`)."""
    return [os.fsdecode(name) for name in (listed or b"").split(b"\0") if name]


def main(argv: list[str]) -> int:
    """Run on the package of the command line, at the stage `before` or `after`."""
    if os.environ.get(BATCH):
        return 0
    package = Path(argv[0])
    if argv[1] != "before":
        return run_hook("keep_edits", lambda: restore(package))
    try:
        begin(package)
    except HookError as error:  # nothing is changed yet, so the update may be aborted
        say(f"keep_edits: {error}")
        return 1
    except OSError as error:
        say(f"keep_edits: {error}; files that git ignores are not backed up")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
