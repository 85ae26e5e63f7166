"""The data of the page: measurements and facts, in a compact form.

Cells are lists in the order of `CELL`, without what is empty at their end; texts, versions and
tensors are kept once and named by their number. `page/data.js` reads it.
"""

from __future__ import annotations

from typing import Any

from hf_skillset_templates.registry.store.overrides import section
from hf_skillset_templates.registry.store.platforms import load_platform, platform_names
from hf_skillset_templates.registry.store.variants import Variant, load_variants
from hf_skillset_templates.results.causes import fingerprint, plain
from hf_skillset_templates.results.compare import Comparison
from hf_skillset_templates.results.from_registry import Entry
from hf_skillset_templates.results.kinds import kind_of
from hf_skillset_templates.results.records import FAILED, STAGES, Record, latest, row_name
from hf_skillset_templates.results.run_folder import Run

from .cause_ids import cause_id
from .model_types import type_facts
from .pool import Pool

CELL = (
    "type", "task", "platform", "status", "stage", "cause", "detail", "seconds", "max_error",
    "cosine", "tolerance", "tie", "in_parts", "versions", "peak_memory_mb", "stage_seconds",
    "expectation", "worker", "device", "compared", "unmeasured", "snr", "evidence", "graph_runs",
    "share", "verdict", "claims", "found", "relative_error", "kind",
)  # fmt: skip
MODULE = ("module", "path")
"""What a record says of a module that was checked."""
POOLS = ("texts", "versions", "tensors", "causes")
DIGITS = 4
"""Significant digits of measured numbers."""


def payload(run: Run, entries: list[Entry], changes: Comparison | None = None) -> dict[str, Any]:
    """Everything that the page knows; JSON-compatible."""
    pools = {name: Pool() for name in POOLS}
    records = list(latest(run.records).values())
    known = {entry["model_type"]: entry for entry in entries}
    shown = shown_rows(run, known)
    types, tasks, platforms = Pool(), Pool(), Pool()
    for name in platform_order(records):
        platforms.place(name)
    type_rows = [
        row_facts(name, example, known.get(example["model_type"]), tasks, pools)
        for name, example in shown.items()
    ]
    for name in shown:
        types.place(name)
    names, kinds = (types, tasks, platforms), kinds_of(records)
    cells = [cell(record, kind, names, pools) for record, kind in zip(records, kinds, strict=True)]
    return {
        "about": run.about,
        "torn": run.torn,
        "stages": STAGES,
        "cell": CELL,
        "types": type_rows,
        "tasks": task_rows(tasks.values),
        "platforms": [platform_facts(name) for name in platforms.values],
        "cells": cells,
        "changes": changes.to_dict() if changes else None,
        **{name: pool.values for name, pool in pools.items()},
    }


def shown_rows(run: Run, known: dict[str, Entry]) -> dict[str, Record]:
    """The names of the rows, sorted, each with a record of it.

    The registry's report shows every model type; a run's those that it ran, or the modules.
    """
    shown = {row_name(record): record for record in run.records}
    if run.about["id"] == "registry":
        shown |= {name: {"model_type": name} for name in known}
    return dict(sorted(shown.items()))


def row_facts(
    name: str, example: Record, entry: Entry | None, tasks: Pool, pools: dict[str, Pool]
) -> dict[str, Any]:
    """What is known of a row: of its model type, and where the module is if one was checked."""
    facts: dict[str, Any] = {"tasks": []}
    if entry is not None:
        facts = type_facts(entry, tasks, pools, section(entry["model_type"], "failure"))
    place: dict[str, Any] = {name: example[name] for name in MODULE if name in example}
    return {**facts, "name": name, "type": example["model_type"], **place}


def platform_order(records: list[Record]) -> list[str]:
    """The template's platforms in their order, then those that only the records name."""
    offered = platform_names()
    return offered + sorted({record["platform"] for record in records} - set(offered))


def kinds_of(records: list[Record]) -> list[str]:
    """The kind of each failure; empty for other records."""
    failures = [record for record in records if record["status"] == FAILED]
    on_cpu = {(row_name(each), each["task"]) for each in failures if each["platform"] == "cpu"}

    def kind(record: Record) -> str:
        too = record["platform"] != "cpu" and (row_name(record), record["task"]) in on_cpu
        return kind_of(record["detail"], too) if record["status"] == FAILED else ""

    return [kind(record) for record in records]


def cell(
    record: Record, kind: str, names: tuple[Pool, Pool, Pool], pools: dict[str, Pool]
) -> list[Any]:
    """One record as a list in the order of `CELL`."""
    types, tasks, platforms = names
    parity, proof = record.get("parity", {}), record.get("proof", {})
    fields = [
        types.place(row_name(record)),
        tasks.place(record["task"]),
        platforms.place(record["platform"]),
        pools["texts"].place(record["status"]),
        STAGES.index(record["stage"]),
        cause(record, pools),
        pools["texts"].place_or_none(plain(record["detail"])),
        short(record.get("seconds")),
        short(parity.get("max_error")),
        short(parity.get("cosine"), 8),
        parity.get("tolerance"),
        pools["texts"].place_or_none(parity.get("tie")),
        1 if record.get("in_parts") or proof.get("in_parts") else None,
        pools["versions"].place_or_none(record.get("versions")),
        short(record.get("peak_memory_mb")),
        stage_seconds(record),
        pools["texts"].place_or_none(record.get("expectation")),
        pools["texts"].place_or_none(record.get("worker")),
        pools["texts"].place_or_none(record.get("device")),
        parity.get("compared"),
        pools["texts"].place_or_none(parity.get("unmeasured")),
        short(parity.get("snr")),
        record.get("evidence"),
        proof.get("graph_runs"),
        proof.get("share"),
        *(
            pools["texts"].place_or_none(record.get(name))
            for name in ("verdict", "claims", "found")
        ),
        short(parity.get("relative_error")),
        pools["texts"].place_or_none(kind),
    ]
    while fields[-1] is None:
        fields.pop()
    return fields


def cause(record: Record, pools: dict[str, Pool]) -> int | None:
    """The cause of a failure; records with one stage and one kind of error share it."""
    if record["status"] != FAILED:
        return None
    same = fingerprint(record["detail"])
    return pools["causes"].place([cause_id(record["stage"], same), record["stage"], same])


def stage_seconds(record: Record) -> list[float | None] | None:
    """Seconds in the order of the stages."""
    known = record.get("stage_seconds")
    return [short(known.get(stage)) for stage in STAGES] if known else None


def short(value: Any, digits: int = DIGITS) -> Any:
    """A number with few digits; None stays."""
    return float(f"{value:.{digits}g}") if isinstance(value, (int, float)) else value


def platform_facts(name: str) -> dict[str, Any]:
    """The facts of a platform's `platform.yml`; only its name if there is none."""
    if name not in platform_names():
        return {"name": name, "title": name}
    facts = load_platform(name)
    kept = ("title", "runtime", "requirements", "tolerance", "min_cosine", "detection")
    return {"name": name, **{key: facts[key] for key in kept if key in facts}}


def task_rows(names: list[str]) -> list[dict[str, Any]]:
    """The facts of each task's `variant.yml`; only its name if there is none."""
    variants = load_variants()
    return [task_facts(variants[name]) if name in variants else {"name": name} for name in names]


def task_facts(variant: Variant) -> dict[str, Any]:
    """The facts about a task that the page shows."""
    return {
        "name": variant.task,
        "summary": variant.summary,
        "modality": variant.modality,
        "inputs": variant.inputs,
        "output": variant.output,
        "pipeline": variant.pipeline,
        "parameters": variant.handler_params,
        "notes": variant.notes,
    }
