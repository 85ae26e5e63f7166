"""The extras of this project: those of `environment/extras.yml`, and one for each platform.

A platform's requirements stand in its `platform.yml` alone; a new folder is a new extra. The
versions that the registry was measured with stand in `environment/constraints.txt` alone.
"""

from pathlib import Path

import yaml
from setuptools import setup

ROOT = Path(__file__).resolve().parent
MEASURED_WITH = ("torch", "transformers")


def read(path: Path) -> dict[str, list[str]]:
    """A YAML file."""
    content: dict[str, list[str]] = yaml.safe_load(path.read_text("utf-8"))
    return content


def extras() -> dict[str, list[str]]:
    """Extra -> its requirements."""
    platforms = sorted((ROOT / "hardware").glob("*/platform.yml"))
    own = read(ROOT / "environment" / "extras.yml")
    return {
        **{path.parent.name: read(path)["requirements"] for path in platforms},
        **{extra: [pinned(each) for each in requirements] for extra, requirements in own.items()},
    }


def pinned(requirement: str) -> str:
    """A requirement, with its version where the registry was measured with one."""
    if requirement not in MEASURED_WITH:
        return requirement
    lines = (ROOT / "environment" / "constraints.txt").read_text("utf-8").splitlines()
    return next(line for line in lines if line.startswith(f"{requirement}=="))


if __name__ == "__main__":  # setuptools runs it so
    setup(extras_require=extras())
