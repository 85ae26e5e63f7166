"""What the tests of hf_vit run on: its skillset class and its tiny model."""

from pathlib import Path

import pytest

from hf_vit._runtime.testing.subject import SUBJECT, Subject

pytest_plugins = ["hf_vit._runtime.testing.fixtures"]


def pytest_configure(config: pytest.Config) -> None:
    """Say what this run is about."""
    name = "hf_vit:hf_vit"
    tiny = Path(__file__).parent / "tiny"
    config.stash[SUBJECT] = Subject.named(name, tiny)
