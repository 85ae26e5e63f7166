"""Selection of model types from the command line, and the jobs to generate them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml

from hf_skillset_templates.command_line import say, shortened
from hf_skillset_templates.errors import UsageError
from hf_skillset_templates.registry.resolve import (
    UnknownModelError,
    look_up,
    resolve,
    similar_names,
)
from hf_skillset_templates.registry.store.entries import read_entry
from hf_skillset_templates.registry.store.model_types import package_name, pipeline_map
from hf_skillset_templates.registry.store.paths import ROOT
from hf_skillset_templates.registry.store.platforms import platform_names

from .package import PackageJob

SAMPLE = ("bert", "vit", "whisper", "llava")
"""One model type of each kind: language, vision, audio, multimodal."""


def select_model_types(
    *,
    models: Iterable[str] = (),
    sample: bool = False,
    spread: int = 0,
    everything: bool = False,
    skillset_dir: Path | None = None,
    tasks: Iterable[str] = (),
    modality: str | None = None,
) -> list[str]:
    """The selected model types, in the order of the pipeline map.

    `models`, `sample`, `spread`, `skillset_dir` and `everything` add model types; `tasks` and
    `modality` filter them, or all model types if none were added.

    Raises:
        UsageError: unknown task or modality, or nothing is selected.
        UnknownModelError: a name does not resolve to a model type.
    """
    table = pipeline_map()
    chosen = set(resolve_models(models))
    chosen |= set(SAMPLE) if sample else set()
    chosen |= set(spread_over_modalities(spread)) if spread else set()
    chosen |= set(model_types_in(skillset_dir)) if skillset_dir else set()
    narrowing = bool(tasks) or modality is not None
    if everything or (narrowing and not chosen):
        chosen = set(table)
    if not chosen:
        raise UsageError(
            "no model type selected: use --model, --task, --modality, --sample, --spread, "
            "--skillset-dir or --all"
        )
    wanted = set(check_known("task", tasks, {t for known in table.values() for t in known}))
    selected = [name for name in table if name in chosen]
    if wanted:
        selected = [name for name in selected if wanted & set(table[name])]
    if modality is not None:
        modalities = {name: read_entry(name)["modality"] for name in table}
        check_known("modality", [modality], set(modalities.values()))
        selected = [name for name in selected if modalities[name] == modality]
    return selected


def spread_over_modalities(count: int) -> list[str]:
    """`count` model types of all modalities, in proportion to their numbers; deterministic.

    They are selected by a hash of their names, so new model types change the selection little.
    """
    by_modality: dict[str, list[str]] = {}
    for name in sorted(pipeline_map(), key=lambda name: sha256(name.encode()).digest()):
        by_modality.setdefault(read_entry(name)["modality"], []).append(name)
    ranked = [
        (place / len(names), modality, name)
        for modality, names in by_modality.items()
        for place, name in enumerate(names)
    ]
    return [name for *_, name in sorted(ranked)[:count]]


def resolve_models(names: Iterable[str], *, ask_hub: bool = True) -> list[str]:
    """The model types that names on a command line resolve to, in order.

    A value may contain several names, separated by commas. Names that are not themselves model
    types are reported with what they resolve to.

    Raises:
        UnknownModelError: a name does not resolve to a model type.
    """
    resolved = [resolve(part, ask_hub=ask_hub) for name in names for part in separate(name)]
    for resolution in resolved:
        if resolution.source:
            say(str(resolution))
    return list(dict.fromkeys(resolution.model_type for resolution in resolved))


def separate(name: str) -> list[str]:
    """The comma-separated names; a folder whose name contains commas is one name."""
    try:
        if "," in name and Path(name).is_dir():
            return [name]
    except OSError:
        pass
    return [part.strip() for part in name.split(",")]


def model_types_in(skillset_dir: Path) -> list[str]:
    """The model types of the `hf_*.py` files and `hf_*` folders in a folder.

    Names may contain either separator; unknown model types are skipped and reported.

    Raises:
        UsageError: there are none.
    """
    paths = [path for path in skillset_dir.glob("hf_*") if path.suffix == ".py" or path.is_dir()]
    names = sorted({path.name.removesuffix(".py") for path in paths})
    known = {name: look_up(name) for name in names}
    for name in (name for name, resolution in known.items() if resolution is None):
        stem = name.removeprefix("hf_")
        say(f"{name} is skipped: {UnknownModelError(stem, similar_names(stem))}")
    chosen = [resolution.model_type for resolution in known.values() if resolution is not None]
    if not chosen:
        raise UsageError(f"{skillset_dir} contains no file or folder named hf_<model type>")
    return list(dict.fromkeys(chosen))


def check_known(kind: str, names: Iterable[str], known: set[str]) -> list[str]:
    """`names` without duplicates.

    Raises:
        UsageError: a name is not in `known`.
    """
    names = list(dict.fromkeys(names))
    if unknown := [name for name in names if name not in known]:
        quoted = shortened(unknown[0])
        raise UsageError(f"unknown {kind} {quoted}; use one of: {', '.join(sorted(known))}")
    return names


@cache
def profiles() -> tuple[str, ...]:
    """The profiles that copier.yml offers."""
    questions = yaml.safe_load((ROOT / "copier.yml").read_text("utf-8"))
    return tuple(questions["profile"]["choices"].values())


def check_answers(platforms: Iterable[str], profile: str | None) -> list[str]:
    """The selected platforms, checked as the template checks them.

    Raises:
        UsageError: unknown platform or profile, or platforms without cpu.
    """
    chosen = check_known("platform", platforms, set(platform_names()))
    if chosen and "cpu" not in chosen:
        raise UsageError("--platforms must include cpu: it is the reference of the others")
    if profile is not None:
        check_known("profile", [profile], set(profiles()))
    return chosen


def plan_jobs(
    model_types: Iterable[str],
    output_dir: Path,
    *,
    tasks: Iterable[str] = (),
    platforms: Iterable[str] = (),
    profile: str | None = None,
    origin: dict[str, str],
) -> list[PackageJob]:
    """One job for each model type; omitted answers get the template's default."""
    wanted = set(tasks)
    chosen_platforms = check_answers(platforms, profile)
    table = pipeline_map()
    jobs = []
    for model_type in model_types:
        answers: dict[str, Any] = {}
        if wanted:
            answers["tasks"] = [task for task in table[model_type] if task in wanted]
        if chosen_platforms:
            answers["platforms"] = chosen_platforms
        if profile is not None:
            answers["profile"] = profile
        name = package_name(model_type)
        jobs.append(PackageJob(model_type, name, str(output_dir), answers, origin))
    return jobs
