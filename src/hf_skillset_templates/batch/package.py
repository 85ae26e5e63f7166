"""Generates one package: rendered and checked in a staging folder, then renamed into place."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hf_skillset_templates.errors import UsageError
from hf_skillset_templates.registry.store.paths import ROOT
from hf_skillset_templates.template_hooks import load_hook

from .staging import staging_folder


@dataclass(frozen=True)
class PackageJob:
    """The generation of one package; JSON-compatible."""

    model_type: str
    package: str
    output_dir: str
    answers: dict[str, Any] = field(default_factory=dict)
    """Answers besides the model type; others get the template's default."""
    origin: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """A hash of the job's answers."""
        asked = json.dumps([self.model_type, self.answers, self.origin], sort_keys=True)
        return hashlib.sha256(asked.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class PackageOutcome:
    """The outcome of the generation of one package."""

    model_type: str
    status: str
    """`generated`, `skipped` or `failed`."""
    stage: str = ""
    """The stage that failed: `render`, `insert_handlers`, `copy_tiny_model`, `validate_package`,
    `publish` or `process`."""
    error: str = ""

    def to_dict(self) -> dict[str, str]:
        """The outcome as JSON-compatible data."""
        return asdict(self)


def generate_package(job: PackageJob) -> PackageOutcome:
    """Generate one package; exceptions become part of the outcome."""
    stage = "render"
    staging = staging_folder(Path(job.output_dir)) / job.package
    try:
        shutil.rmtree(staging, ignore_errors=True)
        render(job, staging)
        for stage, hook in hooks():  # noqa: B007 - read where it failed
            hook(staging)
        stage = "publish"
        set_modes(staging)
        publish(staging, Path(job.output_dir) / job.package)
    except Exception as error:
        shutil.rmtree(staging, ignore_errors=True)
        named = "" if isinstance(error, UsageError) else f"{type(error).__name__}: "
        return PackageOutcome(job.model_type, "failed", stage, f"{named}{error}")
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
    names = ("insert_handlers", "copy_tiny_model", "validate_package")
    return [(name, getattr(load_hook(name), name)) for name in names]


def publish(staging: Path, target: Path) -> None:
    """Rename a finished package into place, then remove the one that it replaces.

    Raises:
        UsageError: `target` is not a generated package, or has its own git repository.
    """
    if not os.path.lexists(target):
        os.replace(staging, target)
        return
    require_generated(target)
    replaced = staging.with_name(f"{target.name}.replaced")
    os.replace(target, replaced)
    try:
        os.replace(staging, target)
    except BaseException:
        os.replace(replaced, target)
        raise
    shutil.rmtree(replaced)


def require_generated(target: Path) -> None:
    """Raise UsageError unless a folder is a generated package without its own repository."""
    if target.is_symlink() or not (target / ".copier-answers.yml").is_file():
        raise UsageError(f"{target} is not a generated package and was not replaced")
    if (target / ".git").exists():
        raise UsageError(f"{target} has its own git repository: use scripts/batch_update.py")


def set_modes(folder: Path) -> None:
    """Give every file the template's mode, as Copier does, independent of the umask."""
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    folder.chmod(0o755)
