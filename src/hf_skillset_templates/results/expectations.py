"""Holds a record against what the registry knows of its cell."""

from __future__ import annotations

from collections.abc import Callable

from hf_skillset_templates.registry.store.errors import as_recorded

from .causes import fingerprint
from .records import FAILED, VERIFIED, Cell, Record, cell_of

Known = Callable[[Cell], Record | None]
AS_EXPECTED = "as expected"
EXPECTED_FAILURE = "expected failure"
REGRESSION = "regression"
SURPRISE = "surprise"
CHANGED_FAILURE = "changed failure"
NEW = "new"
NEW_FAILURE = "new failure"
UNEXPECTED = (REGRESSION, NEW_FAILURE)
"""What ends a run with exit code 1."""
LISTED = (REGRESSION, NEW_FAILURE, SURPRISE, CHANGED_FAILURE)
"""What a run names; `--strict` ends it with exit code 1 for each of these."""


def expectation(record: Record, known: Record | None) -> str:
    """What a record means beside what was `known` of its cell.

    `regression`: it was verified and fails. `surprise`: it was known to fail and passes.
    `expected failure`: it fails as it was known to; `changed failure`: in another way.
    `new`, `new failure`: nothing was known. Anything else is `as expected`.
    """
    fails = record["status"] == FAILED
    if not fails and record["status"] not in VERIFIED:
        return AS_EXPECTED
    if known is None:
        return NEW_FAILURE if fails else NEW
    if known["status"] != FAILED:
        return REGRESSION if fails else AS_EXPECTED
    if not fails:
        return SURPRISE
    return EXPECTED_FAILURE if fails_the_same_way(record, known) else CHANGED_FAILURE


def fails_the_same_way(record: Record, known: Record) -> bool:
    """Whether both fail at one stage with one error; the registry keeps an error's beginning."""
    if known["stage"] != record["stage"]:
        return False
    found, recorded = (fingerprint(as_recorded(each["detail"])) for each in (record, known))
    return found.startswith(recorded) or recorded.startswith(found)


def with_expectation(record: Record, known: Known) -> Record:
    """The record, and what it means."""
    return record | {"expectation": expectation(record, known(cell_of(record)))}
