"""The error that a user can fix: a one-sentence message, shown without a traceback."""

from __future__ import annotations


class UsageError(Exception):
    """A usage error; the message names the input and says what to do."""
