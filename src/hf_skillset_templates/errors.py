"""The error that a person can mend: its message is one sentence, and no traceback is due."""

from __future__ import annotations


class UsageError(Exception):
    """What was asked for cannot be done; the message names the input and says what to do."""
