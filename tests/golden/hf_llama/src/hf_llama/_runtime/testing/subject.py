# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""The subject of a test run: one skillset class and its tiny model."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import pytest

from ..skillset import Skillset


class Subject(NamedTuple):
    """A package under test; its `conftest.py` puts it into pytest's configuration."""

    skillset_class: type[Skillset]
    tiny: Path
    """Folder with the configuration and processor files of the tiny model."""

    @classmethod
    def named(cls, name: str, tiny: Path) -> Subject:
        """The subject whose class is `module:class`."""
        module, _, skillset_class = name.partition(":")
        return cls(getattr(import_module(module), skillset_class), tiny)


SUBJECT = pytest.StashKey[Subject]()
