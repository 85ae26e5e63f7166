"""The folder in which packages are made: beside their destination, and certainly ours."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hf_skillset_templates.errors import UsageError

from .lock import locked

MARKER = ".made-by-hf-skillset-templates"
"""A file that only we put into a staging folder; a folder without it is somebody's."""
LOCK = "lock"


def staging_folder(output_dir: Path) -> Path:
    """Where packages are made, so that a rename puts them into place at once."""
    return output_dir / ".staging"


def require_ours(output_dir: Path) -> None:
    """Raise where something of that name is not ours.

    Raises:
        UsageError: it is not a folder, or it has content but no marker file.
    """
    staging = staging_folder(output_dir)
    if not os.path.lexists(staging):
        return
    ours = (staging / MARKER).is_file()
    if staging.is_symlink() or not staging.is_dir() or not (ours or not any(staging.iterdir())):
        raise UsageError(
            f"{staging} was not made by this program and stays as it is: "
            "rename it, or choose another --output-dir"
        )


@contextmanager
def staging_of(output_dir: Path) -> Iterator[Path]:
    """The staging folder of one batch, for as long as the batch runs; nobody else gets it.

    What a killed run left is cleared first, and a package that was caught between two renames
    comes back.

    Raises:
        UsageError: the folder is not ours, or another batch is at work in it.
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
    """Bring back each package that was moved aside and not yet replaced."""
    for replaced in staging_folder(output_dir).glob("*.replaced"):
        target = output_dir / replaced.name.removesuffix(".replaced")
        if not os.path.lexists(target):
            os.replace(replaced, target)


def clear(staging: Path) -> None:
    """Remove the packages that lie half made in a staging folder."""
    for path in staging.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
