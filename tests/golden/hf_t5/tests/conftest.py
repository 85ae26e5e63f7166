"""What the tests of hf_t5 run on: its skillset class and its tiny model."""

from pathlib import Path

import pytest

from hf_t5._runtime.testing.subject import SUBJECT, Subject

pytest_plugins = ["hf_t5._runtime.testing.fixtures"]


def pytest_configure(config: pytest.Config) -> None:
    """Say what this run is about."""
    name = "hf_t5:hf_t5"
    tiny = Path(__file__).parent / "tiny"
    config.stash[SUBJECT] = Subject.named(name, tiny)
