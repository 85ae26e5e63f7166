"""Errors that a user can fix, shown as one line without a traceback."""

from __future__ import annotations


class UsageError(Exception):
    """A usage error; the message names the input and says what to do."""
