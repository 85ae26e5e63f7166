"""Runs the hooks one after another in one process: what Copier's only task starts.

    python hooks/after_rendering.py PACKAGE --existing=keep

The first one that fails ends it, with its exit code. Needs nothing beyond Copier's own
dependencies.
"""

from __future__ import annotations

import sys

import copy_tiny_model
import insert_handlers
import record_source
import validate_package


def main(argv: list[str]) -> int:
    """Make a package of what Copier rendered; `argv`: its folder, options of the inserting."""
    package = argv[:1]
    return (
        record_source.main(package)
        or insert_handlers.main(argv)
        or copy_tiny_model.main(package)
        or validate_package.main(package)
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
