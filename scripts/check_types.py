"""Type-check every Python source in place, each under the name that it is imported by.

python scripts/check_types.py [OPTION OF MYPY ...]

`mypy` alone reads the folders of `[tool.mypy] files`. The modules of `task_variants/` have one name
for all tasks and are in folders that are not packages, so each gets its own module name here.
"""

from __future__ import annotations

import sys
from pathlib import Path

from mypy.build import build
from mypy.errors import CompileError
from mypy.fscache import FileSystemCache
from mypy.main import process_options
from mypy.modulefinder import BuildSource

ROOT = Path(__file__).resolve().parent.parent


def main(options: list[str]) -> int:
    """Print mypy's errors; exit code 0 for none, 1 for errors, 2 if mypy cannot run."""
    cache = FileSystemCache()
    sources, settings = process_options(
        ["--config-file", str(ROOT / "pyproject.toml"), *options], fscache=cache
    )
    sources += task_sources()
    messages: list[str] = []
    try:
        build(
            sources,
            settings,
            fscache=cache,
            flush_errors=lambda _, lines, __: messages.extend(lines),
        )
    except CompileError:
        print("\n".join(messages))
        return 2
    errors = sum(" error: " in line for line in messages)
    print("\n".join([*messages, f"{errors} errors in {len(sources)} files"]))
    return int(errors > 0)


def task_sources() -> list[BuildSource]:
    """The modules and tests of the tasks, as `task_variants.<task>.<file>`."""
    files = sorted((ROOT / "task_variants").glob("*/*.py"))
    return [
        BuildSource(str(path), f"task_variants.{path.parent.name}.{path.stem}".replace("-", "_"))
        for path in files
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
