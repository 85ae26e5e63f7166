"""The changes from one run to another."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from .causes import fingerprint
from .records import FAILED, VERIFIED, Cell, Record, latest

SLOWER = 1.5
"""Factor of its former seconds above which a cell counts as slower."""
NOTICEABLE_S = 0.5
"""Differences below this number of seconds count as noise."""


@dataclass(frozen=True)
class Change:
    """One cell that changed."""

    model_type: str
    task: str
    platform: str
    module: str
    """The module that was checked; empty for packages that were tested."""
    before: str
    """Status, with the stage of a failure; empty if the cell was not measured."""
    after: str
    detail: str = ""


@dataclass
class Comparison:
    """The cells that changed, by kind."""

    regressions: list[Change] = field(default_factory=list)
    mends: list[Change] = field(default_factory=list)
    newly_measured: list[Change] = field(default_factory=list)
    no_longer_measured: list[Change] = field(default_factory=list)
    other_failures: list[Change] = field(default_factory=list)
    """Failed before and fails now, at another stage or with another error."""
    slower: list[Change] = field(default_factory=list)
    unchanged: int = 0

    def to_dict(self) -> dict[str, Any]:
        """The comparison as JSON-compatible data."""
        return asdict(self)


def compare(before: list[Record], after: list[Record]) -> Comparison:
    """Compare the last record of each cell of `before` (the baseline) with that of `after`."""
    old, new = latest(before), latest(after)
    comparison = Comparison()
    for cell in [*old, *(cell for cell in new if cell not in old)]:
        kind = kind_of(old.get(cell), new.get(cell))
        if kind:
            getattr(comparison, kind).append(change(cell, old.get(cell), new.get(cell)))
        else:
            comparison.unchanged += 1
        if kind in (None, "mends") and slower(old.get(cell), new.get(cell)):
            comparison.slower.append(times(cell, old[cell], new[cell]))
    return comparison


def kind_of(old: Record | None, new: Record | None) -> str | None:
    """The field of `Comparison` that a cell belongs to; None if nothing changed."""
    measured = (*VERIFIED, FAILED)
    was, is_now = (each is not None and each["status"] in measured for each in (old, new))
    if not was or not is_now:
        return {(False, True): "newly_measured", (True, False): "no_longer_measured"}.get(
            (was, is_now)
        )
    assert old is not None and new is not None
    failed_before, fails = old["status"] == FAILED, new["status"] == FAILED
    if failed_before != fails:
        return "regressions" if fails else "mends"
    return "other_failures" if fails and not same_failure(old, new) else None


def same_failure(old: Record, new: Record) -> bool:
    """Whether two failures have the same stage and the same cause."""
    return bool(old["stage"] == new["stage"]) and fingerprint(old["detail"]) == fingerprint(
        new["detail"]
    )


def slower(old: Record | None, new: Record | None) -> bool:
    """Whether a cell takes noticeably longer than before."""
    before, after = ((each or {}).get("seconds") for each in (old, new))
    if before is None or after is None:
        return False
    return bool(after > SLOWER * before and after - before > NOTICEABLE_S)


def state(record: Record | None) -> str:
    """A record's status, with the stage of a failure."""
    if record is None:
        return ""
    failed = record["status"] == FAILED
    return f"FAILED at {record['stage']}" if failed else str(record["status"])


def change(cell: Cell, old: Record | None, new: Record | None) -> Change:
    """The change of a cell's status."""
    detail = (new or old or {}).get("detail", "")
    return Change(*cell, before=state(old), after=state(new), detail=detail)


def times(cell: Cell, old: Record, new: Record) -> Change:
    """The change of a cell's seconds."""
    return Change(*cell, before=f"{old['seconds']:.1f} s", after=f"{new['seconds']:.1f} s")
