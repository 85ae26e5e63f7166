"""The git worktree and the virtual environment in which a release is followed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from hf_skillset_templates.errors import UsageError
from hf_skillset_templates.git import GitError, git

_PIN = re.compile(r"^transformers==.*$", re.MULTILINE)
CONSTRAINTS = Path("environment", "constraints.txt")


class CommandError(UsageError):
    """A command failed; the message has its last line of output and the log file."""


@dataclass(frozen=True)
class Tree:
    """A worktree on a separate branch, and the interpreter that runs its commands."""

    folder: Path
    python: Path
    log: Path
    """The file with the output of all commands."""

    def run(self, *command: str, codes: tuple[int, ...] = (0,)) -> None:
        """Run Python in the worktree, with the worktree's code.

        Raises:
            CommandError: the exit code is none of `codes`.
        """
        with self.log.open("ab") as log:
            log.write(f"$ python {' '.join(command)[:400]}\n".encode())
            log.flush()
            finished = subprocess.run(
                [str(self.python), *command],
                cwd=self.folder,
                env=self._environment(),
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        if finished.returncode not in codes:
            raise CommandError(f"{command[0]} failed: {last_line(self.log)} (output: {self.log})")

    def version(self) -> str:
        """The release of transformers that the interpreter imports."""
        return self.output(
            "-c", "from importlib.metadata import version; print(version('transformers'))"
        ).strip()

    def output(self, *command: str) -> str:
        """What Python prints in the worktree; empty where it fails."""
        finished = subprocess.run(
            [str(self.python), *command], capture_output=True, text=True, env=self._environment()
        )
        return finished.stdout

    def require_version(self, version: str) -> None:
        """Check the interpreter's release of transformers.

        Raises:
            UsageError: it is another one.
        """
        if (installed := self.version()) != version:
            raise UsageError(
                f"{self.python} has transformers {installed or '(none)'}; expected {version}"
            )

    def commit(self, subject: str) -> str:
        """Commit the worktree's changes; returns the commit, HEAD if nothing changed."""
        git(self.folder, "add", "--all", "registry", "environment", "docs", own=True)
        if git(self.folder, "diff", "--cached", "--name-only"):
            git(self.folder, "commit", "--quiet", "--message", subject, own=True)
        return git(self.folder, "rev-parse", "HEAD").strip()

    def _environment(self) -> dict[str, str]:
        paths = (self.folder / "src", self.folder / "runtime", self.folder)
        return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))}


def make_worktree(root: Path, folder: Path, branch: str) -> str:
    """Add a worktree on a new branch at HEAD; returns the commit.

    Raises:
        UsageError: the folder or the branch exists, or `root` is not a repository.
    """
    if folder.exists():
        raise UsageError(f"{folder} exists and is not in the journal: use another --work folder")
    try:
        git(root, "worktree", "add", "--quiet", "-b", branch, str(folder), "HEAD")
    except GitError as error:
        raise UsageError(f"cannot create a worktree for branch {branch}: {error}") from error
    return git(folder, "rev-parse", "HEAD").strip()


def move_pin(tree: Path, version: str) -> str:
    """Write the release into constraints.txt; returns the previous one.

    Raises:
        UsageError: the file does not pin transformers.
    """
    path = tree / CONSTRAINTS
    content = path.read_text("utf-8")
    pin = _PIN.search(content)
    if pin is None:
        raise UsageError(f"{path} does not pin transformers (no line transformers==VERSION)")
    path.write_text(_PIN.sub(f"transformers=={version}", content), "utf-8")
    return pin[0].partition("==")[2]


def make_environment(tree: Tree) -> None:
    """Install the worktree's constraints into the interpreter's environment, which may be new."""
    if not tree.python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(tree.python.parents[1])], check=True)
    tree.run("environment/install.py", "models")


def last_line(path: Path) -> str:
    """The last line of a file that is not blank, at most 300 characters."""
    lines = path.read_text("utf-8", errors="replace").split("\n")
    return next((line.strip()[:300] for line in reversed(lines) if line.strip()), "no output")
