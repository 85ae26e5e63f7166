"""Runs git for one folder, independent of the repository of the calling process.

A git hook or an editor sets `GIT_DIR`, `GIT_WORK_TREE` or `GIT_INDEX_FILE`; a git that inherits
them uses that repository instead of the given folder, so they are removed here. The user's
configuration applies (`safe.directory`, global ignores, credentials), except settings that would
break our commits.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from .errors import UsageError

MASKED = {
    "commit.gpgsign": "false",
    "core.hooksPath": os.devnull,
    "user.name": "hf-skillset-templates",
    "user.email": "hf-skillset-templates@localhost",
}
"""Configuration of commits in temporary repositories: unsigned, without hooks."""


class GitError(UsageError):
    """git failed; the message has the end of its output."""


@cache
def local_variables() -> tuple[str, ...]:
    """The environment variables that select git's repository, as git lists them."""
    listed = subprocess.run(
        ["git", "rev-parse", "--local-env-vars"], capture_output=True, text=True, check=True
    )
    return tuple(listed.stdout.split())


def environment(variables: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The variables without those of `local_variables`."""
    left_out = set(local_variables())
    return {name: value for name, value in variables.items() if name not in left_out}


def forget_repository() -> None:
    """Remove those variables from this process: for workers whose libraries call git."""
    for name in local_variables():
        os.environ.pop(name, None)


def mask_configuration() -> None:
    """Set `MASKED` for every git that this process starts: for workers whose libraries call git."""
    os.environ["GIT_CONFIG_COUNT"] = str(len(MASKED))
    for number, (key, value) in enumerate(MASKED.items()):
        os.environ[f"GIT_CONFIG_KEY_{number}"] = key
        os.environ[f"GIT_CONFIG_VALUE_{number}"] = value


def git(folder: Path, *arguments: str, own: bool = False) -> str:
    """The output of git in a folder; `own` adds `MASKED`, for temporary repositories.

    Raises:
        GitError: git is not installed or fails.
    """
    options = [word for key, value in MASKED.items() for word in ("-c", f"{key}={value}")]
    command = ["git", "-C", str(folder), *(options if own else []), *arguments]
    try:
        finished = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="surrogateescape",
            env=environment(),
        )
    except OSError as error:
        raise GitError(f"git cannot be run: {error}") from error
    if finished.returncode:
        raise GitError(f"git {arguments[0]} failed: {finished.stderr.strip()}")
    return finished.stdout
