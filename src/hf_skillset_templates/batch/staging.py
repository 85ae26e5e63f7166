"""The staging folder in which packages are generated, in their output folder."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hf_skillset_templates.errors import UsageError

from .lock import locked

MARKER = ".made-by-hf-skillset-templates"
"""Marker file; a staging folder without it was created by something else."""
LOCK = "lock"


def staging_folder(output_dir: Path) -> Path:
    """The staging folder, on the same file system as the output, so that renames are atomic."""
    return output_dir / ".staging"


def require_ours(output_dir: Path) -> None:
    """Check that an existing staging folder was created by a batch.

    Raises:
        UsageError: it is not a folder, or it has content but no marker file.
    """
    staging = staging_folder(output_dir)
    if not os.path.lexists(staging):
        return
    ours = (staging / MARKER).is_file()
    if staging.is_symlink() or not staging.is_dir() or not (ours or not any(staging.iterdir())):
        raise UsageError(
            f"{staging} was not created by this program and was not changed: "
            "rename it or choose another --output-dir"
        )


@contextmanager
def staging_of(output_dir: Path) -> Iterator[Path]:
    """The locked staging folder of one batch, removed at the end.

    Files of a killed run are removed first, and packages that it was about to replace are
    restored.

    Raises:
        UsageError: the folder was not created by a batch, or another batch is using it.
    """
    require_ours(output_dir)
    staging = staging_folder(output_dir)
    staging.mkdir(exist_ok=True)
    (staging / MARKER).touch()
    with locked(staging / LOCK):
        recover(output_dir)
        clear(staging)
        try:
            yield staging
        finally:
            recover(output_dir)
            clear(staging)
            shutil.rmtree(staging, ignore_errors=True)


def recover(output_dir: Path) -> None:
    """Restore each package that was moved to the staging folder and not yet replaced."""
    for replaced in staging_folder(output_dir).glob("*.replaced"):
        target = output_dir / replaced.name.removesuffix(".replaced")
        if not os.path.lexists(target):
            os.replace(replaced, target)


def clear(staging: Path) -> None:
    """Remove the incomplete packages in a staging folder."""
    for path in staging.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
