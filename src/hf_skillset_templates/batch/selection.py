"""Which model types a command line means, and what to generate for each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from hf_skillset_templates.registry.resolve import resolve_model
from hf_skillset_templates.registry.store.entries import read_entry
from hf_skillset_templates.registry.store.model_types import package_name, pipeline_map
from hf_skillset_templates.registry.store.platforms import platform_names

from .package import PackageJob

SAMPLE = ("bert", "vit", "whisper", "llava")
"""One model type of each kind: language, vision, audio, multimodal."""


class UsageError(Exception):
    """The command line asks for something that does not exist; the message names it."""


def select_model_types(
    *,
    models: Iterable[str] = (),
    sample: bool = False,
    everything: bool = False,
    skillset_dir: Path | None = None,
    tasks: Iterable[str] = (),
    modality: str | None = None,
) -> list[str]:
    """The model types that are asked for, in the order of the pipeline map.

    `models`, `sample`, `skillset_dir` and `everything` add to the selection; `tasks` and
    `modality` narrow it, and alone they narrow everything.

    Raises:
        UsageError: an unknown task or modality, or nothing is asked for.
        UnknownModelError: a name that stands for no model type.
    """
    table = pipeline_map()
    chosen = {resolve_model(name) for name in models}
    chosen |= set(SAMPLE) if sample else set()
    chosen |= set(model_types_in(skillset_dir)) if skillset_dir else set()
    narrowing = bool(tasks) or modality is not None
    if everything or (narrowing and not chosen):
        chosen = set(table)
    if not chosen:
        raise UsageError("say what to generate: --model, --task, --modality, --sample or --all")
    wanted = set(check_known("task", tasks, {t for known in table.values() for t in known}))
    selected = [name for name in table if name in chosen]
    if wanted:
        selected = [name for name in selected if wanted & set(table[name])]
    if modality is not None:
        modalities = {name: read_entry(name)["modality"] for name in table}
        check_known("modality", [modality], set(modalities.values()))
        selected = [name for name in selected if modalities[name] == modality]
    return selected


def model_types_in(skillset_dir: Path) -> list[str]:
    """The model types of the `hf_*.py` files in a folder.

    Raises:
        UsageError: there are none, or one of them belongs to no model type.
    """
    names = sorted(path.stem for path in skillset_dir.glob("hf_*.py"))
    if not names:
        raise UsageError(f"{skillset_dir} holds no hf_*.py")
    packages = {package_name(model_type): model_type for model_type in pipeline_map()}
    check_known("skillset", names, set(packages))
    return [packages[name] for name in names]


def check_known(kind: str, names: Iterable[str], known: set[str]) -> list[str]:
    """`names`, all of which must be known."""
    names = list(names)
    if unknown := [name for name in names if name not in known]:
        raise UsageError(f"no {kind} {unknown[0]!r}; there are: {', '.join(sorted(known))}")
    return names


def plan_jobs(
    model_types: Iterable[str],
    output_dir: Path,
    *,
    tasks: Iterable[str] = (),
    platforms: Iterable[str] = (),
    profile: str | None = None,
    origin: Callable[[], dict[str, str]],
) -> list[PackageJob]:
    """One job for each model type; what is not given takes the template's default."""
    wanted = set(tasks)
    chosen_platforms = check_known("platform", platforms, set(platform_names()))
    table, source = pipeline_map(), origin()
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
        jobs.append(PackageJob(model_type, name, str(output_dir), answers, source))
    return jobs
