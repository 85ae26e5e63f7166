"""Errors in the form that entries store: one line, independent of the run."""

from __future__ import annotations

import re
import tempfile

TEMPORARY = re.compile(rf"{re.escape(tempfile.gettempdir())}(?:(?:/(?:hf-skillset-|tmp)\w+)+|/\w+)")
"""A temporary folder, with those of jobs inside it."""
INSTALLED = re.compile(r"/\S*/site-packages/")
LONGEST = 240


def as_recorded(error: str) -> str:
    """The first line of an error, without temporary folders and installation paths."""
    line = error.strip().splitlines()[0] if error.strip() else ""
    return TEMPORARY.sub("…", INSTALLED.sub("", line))[:LONGEST]
