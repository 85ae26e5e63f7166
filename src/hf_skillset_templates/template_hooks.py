"""The hooks of the template as modules: they are scripts that lie outside of this package."""

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
