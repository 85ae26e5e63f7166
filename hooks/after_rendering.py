"""Runs all hooks in one process; Copier's only task.

    python hooks/after_rendering.py PACKAGE --existing=keep

Stops at the first hook that fails and returns its exit code. Requires only Copier's own
dependencies.
"""

from __future__ import annotations

import sys

import copy_tiny_model
import insert_handlers
import record_source
import validate_package


def main(argv: list[str]) -> int:
    """Complete a rendered package; `argv`: its folder, then options of `insert_handlers`."""
    package = argv[:1]
    return (
        record_source.main(package)
        or insert_handlers.main(argv)
        or copy_tiny_model.main(package)
        or validate_package.main(package)
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
