"""Compares a record with the registry's entry for its cell."""

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
"""Expectations that lead to exit code 1."""
LISTED = (REGRESSION, NEW_FAILURE, SURPRISE, CHANGED_FAILURE)
"""Expectations that a run lists; with `--strict` each leads to exit code 1."""


def expectation(record: Record, known: Record | None) -> str:
    """The expectation of a record, compared with the registry's record (`known`) of its cell.

    `regression`: the registry has it as verified, and it fails. `surprise`: the registry has it
    as failed, and it passes. `expected failure`: it fails with the registry's error; `changed
    failure`: with another one. `new`, `new failure`: the cell is not in the registry. Anything
    else is `as expected`.
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
    """Whether both fail at the same stage with the same error, which the registry truncates."""
    if known["stage"] != record["stage"]:
        return False
    actual, recorded = (fingerprint(as_recorded(each["detail"])) for each in (record, known))
    return actual.startswith(recorded) or recorded.startswith(actual)


def with_expectation(record: Record, known: Known) -> Record:
    """The record with its expectation."""
    return record | {"expectation": expectation(record, known(cell_of(record)))}
