"""Fraction of deliberately broken models that parity rejects.

`compare` compares a platform with the CPU; here, one side is broken. With the CPU as the platform,
the rules of all platforms are tested, in seconds; with another one, its graphs as well.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hf_skillset_runtime.compare.parity import compare
from hf_skillset_runtime.tasks.samples import sample_inputs
from hf_skillset_runtime.testing.tiny_checkpoint import SEED, build_for_task
from hf_skillset_templates.registry.store.paths import TINY
from hf_skillset_templates.registry.store.platforms import load_platform, platform_names
from hf_skillset_templates.source_skillset import source_skillset
from hf_skillset_templates.tiny.build import quiet

from .faults import broken
from .sensitivity import sensitivity

DRILL = "hf_skillset_templates.evidence.drill:drill_job"
Record = dict[str, Any]


def rules() -> dict[str, dict[str, Any]]:
    """The distinct rules of all platforms, by the name of the first platform that has them."""
    verdicts: dict[str, dict[str, Any]] = {}
    for name in platform_names():
        facts = load_platform(name)
        rule: dict[str, Any] = {
            key: facts[key] for key in ("tolerance", "min_cosine") if key in facts
        }
        if rule not in verdicts.values():
            verdicts[name] = rule
    return verdicts


def drill_job(job: dict[str, Any]) -> list[Record]:
    """The isolated part: one record for each task of `job["model_type"]`.

    `job["platform"]` is the platform to test; `job["first"]` selects only the first task.
    """
    quiet()
    model_type, platform = job["model_type"], job.get("platform", "cpu")
    names = ("cpu",) if platform == "cpu" else ("cpu", platform)
    skillset_class = source_skillset(model_type, names)
    records = []
    with tempfile.TemporaryDirectory() as folder:
        skillset = skillset_class(metadata={"export_dir": str(Path(folder, "exports"))})
        for task in list(skillset.tasks)[: 1 if job.get("first") else None]:
            known = {"model_type": model_type, "task": task, "platform": platform}
            try:
                record = drill_task(skillset, platform, task, Path(folder))
            except Exception as error:
                record = {"error": f"{type(error).__name__}: {error}"[:300]}
            records.append({**known, **record})
    return records


def drill_task(skillset: Any, platform: str, task: str, folder: Path) -> Record:
    """What one cell makes of a good model and of broken ones."""
    tiny = TINY / skillset.model_type
    checkpoints = [
        str(build_for_task(skillset, task, tiny, folder / f"{task}-{seed}", seed))
        for seed in (SEED, SEED + 1)
    ]
    good, other = (skillset.init_cpu(path, task=task).handler for path in checkpoints)
    handler = good
    if platform != "cpu":
        handler = getattr(skillset, f"init_{platform}")(checkpoints[0], task=task).handler
    samples = sample_inputs(good.spec, good.processor)
    tried = rules() if platform == "cpu" else {platform: load_platform(platform)}
    exact = [rule["tolerance"] for rule in rules().values() if "min_cosine" not in rule]
    record: Record = {"sensitivity": sensitivity(good, samples, max(exact))}
    for name, rule in tried.items():
        verdict = compare(handler, good, samples, rule)
        record.setdefault("good", {})[name] = verdict.problem
        record.setdefault("parity", {})[name] = verdict.record()
    for fault, make in broken(good, other, samples):
        record.setdefault("faults", {})[fault] = {
            name: refused(handler, make, samples, rule) for name, rule in tried.items()
        }
    return record


def refused(handler: Any, make: Any, samples: list[Any], rule: dict[str, Any]) -> str:
    """How parity rejects a broken model; empty where it accepts it."""
    try:
        wrong = make()
    except LookupError as error:
        return f"not tried: {error}"
    try:
        return compare(handler, wrong, samples, rule).problem
    except Exception as error:  # shapes that do not fit are no agreement
        return f"{type(error).__name__}: {error}"[:200]
