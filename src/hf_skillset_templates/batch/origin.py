"""Where a package comes from: what `copier update` later needs to know."""

from __future__ import annotations

import subprocess
from pathlib import Path


def template_origin(root: Path) -> dict[str, str]:
    """The answers `_commit` and `_src_path` for packages rendered from the checkout `root`.

    The same that Copier itself records for `copier copy ROOT`: the version tag (or the
    commit, while there is no tag) and the absolute folder. Empty outside git: Copier
    cannot update from a plain folder.
    """
    try:
        described = subprocess.run(
            ["git", "-C", str(root), "describe", "--tags", "--always"],
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return {"_src_path": str(root)}
    return {"_commit": described.stdout.strip(), "_src_path": str(root)}
