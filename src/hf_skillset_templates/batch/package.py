"""Generates one package: rendered and checked in a staging folder, then renamed into place."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hf_skillset_templates.registry.store.paths import ROOT
from hf_skillset_templates.template_hooks import load_hook


@dataclass(frozen=True)
class PackageJob:
    """What to generate; JSON-compatible, so that it can be handed to any worker."""

    model_type: str
    package: str
    output_dir: str
    answers: dict[str, Any] = field(default_factory=dict)
    """Answers beside the model type; everything else takes the template's default."""
    origin: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PackageOutcome:
    """How the generation of one package ended."""

    model_type: str
    status: str
    """`generated`, `skipped` or `failed`."""
    stage: str = ""
    """Where it failed: `render`, `insert_handlers`, `copy_tiny_model`, `validate_package`,
    `publish` or `process`."""
    error: str = ""

    def to_dict(self) -> dict[str, str]:
        """The outcome as JSON-compatible data."""
        return asdict(self)


def staging_folder(output_dir: Path) -> Path:
    """Where packages are made: beside their destination, so that renaming is atomic."""
    return output_dir / ".staging"


def generate_package(job: PackageJob) -> PackageOutcome:
    """Make one package; never raises for what is wrong with the package alone."""
    stage = "render"
    staging = staging_folder(Path(job.output_dir)) / job.package
    try:
        shutil.rmtree(staging, ignore_errors=True)
        render(job, staging)
        for stage, hook in hooks():  # noqa: B007 - read where it failed
            hook(staging)
        stage = "publish"
        publish(staging, Path(job.output_dir) / job.package)
    except Exception as error:
        shutil.rmtree(staging, ignore_errors=True)
        return PackageOutcome(job.model_type, "failed", stage, f"{type(error).__name__}: {error}")
    return PackageOutcome(job.model_type, "generated")


def render(job: PackageJob, folder: Path) -> None:
    """Render the template with Copier, without its tasks."""
    import copier

    copier.run_copy(
        str(ROOT),
        folder,
        data={"model_type": job.model_type, "batch_origin": json.dumps(job.origin), **job.answers},
        defaults=True,
        quiet=True,
        unsafe=True,
        skip_tasks=True,
    )


def hooks() -> list[tuple[str, Any]]:
    """The hooks that Copier's tasks run, as functions of this process."""
    validation = load_hook("validate_package")
    check, in_fork = validation.validate_package, validation.check_in_fork
    return [
        ("insert_handlers", load_hook("insert_handlers").insert_handlers),
        ("copy_tiny_model", load_hook("copy_tiny_model").copy_tiny_model),
        ("validate_package", lambda package: check(package, in_fork)),
    ]


def publish(staging: Path, target: Path) -> None:
    """Rename a finished package into place; an older one goes away only then."""
    if target.exists():
        replaced = staging.with_name(f"{target.name}.replaced")
        shutil.rmtree(replaced, ignore_errors=True)
        os.replace(target, replaced)
        os.replace(staging, target)
        shutil.rmtree(replaced)
    else:
        os.replace(staging, target)


def recover(output_dir: Path) -> None:
    """Clear what a killed run left; a package caught between two renames comes back."""
    staging = staging_folder(output_dir)
    for replaced in staging.glob("*.replaced"):
        target = output_dir / replaced.name.removesuffix(".replaced")
        if not target.exists():
            os.replace(replaced, target)
    shutil.rmtree(staging, ignore_errors=True)
