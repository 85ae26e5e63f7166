"""Loads the template's hooks, which are scripts outside of this package, as modules."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

from .registry.store.paths import ROOT


def load_hook(name: str) -> ModuleType:
    """One module of `hooks/`."""
    folder = str(ROOT / "hooks")
    if folder not in sys.path:
        sys.path.insert(0, folder)
    return importlib.import_module(name)
