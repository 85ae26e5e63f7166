"""Verifies dependencies: imports a model type's classes with only these installed.

A folder of links to the required distributions, and their requirements, emulates a clean
environment; the interpreter runs without its own site-packages.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from hf_skillset_templates.registry.sources.processors import AUTO_CLASSES
from hf_skillset_templates.registry.store.entries import read_entry, write_entry
from hf_skillset_templates.registry.store.paths import TINY

from .running import Outcome, Workers

TIME_LIMIT_S = 900
# What a CPU build of torch needs beside a CUDA build of torchvision (environment/README.md).
_BESIDE = {"torchvision": ["torchvision_ops.py"], "torchaudio": ["torchvision_ops.py"]}
_CHILD = """
import json, sys
sys.path[:] = [path for path in sys.path if "site-packages" not in path] + [sys.argv[1]]
try:
    import torchvision_ops
except ImportError:
    pass
import transformers
transformers.logging.set_verbosity_error()
for line in sys.stdin:
    job = json.loads(line)
    error = ""
    try:
        for name in job["classes"]:
            getattr(transformers, name)
        for auto in job["loads"]:
            getattr(transformers, auto).from_pretrained(job["folder"])
    except Exception as failure:
        error = f"{type(failure).__name__}: {failure}".strip().splitlines()[0][:300]
    print(json.dumps({"model_type": job["model_type"], "error": error}), flush=True)
"""


def closure(requirements: Iterable[str]) -> tuple[dict[str, Distribution], list[str]]:
    """The installed distributions of requirements, with theirs, and the missing requirements."""
    installed: dict[str, Distribution] = {}
    absent: list[str] = []
    waiting = [(Requirement(text), False) for text in requirements]
    while waiting:
        requirement, inherited = waiting.pop()
        name = requirement.name.lower().replace("_", "-")
        if name in installed or (
            requirement.marker and not requirement.marker.evaluate({"extra": ""})
        ):
            continue
        try:
            installed[name] = distribution(requirement.name)
        except PackageNotFoundError:
            if not inherited:
                absent.append(requirement.name)
            continue
        waiting += [(Requirement(text), True) for text in installed[name].requires or []]
    return installed, absent


def link(distributions: Iterable[Distribution], folder: Path) -> None:
    """Link the top-level files and folders of distributions into a folder."""
    for item in distributions:
        for file in item.files or []:
            top = file.parts[0]
            target = folder / top
            if top not in ("..", "__pycache__") and not target.is_symlink():
                target.symlink_to(Path(str(item.locate_file(top))))
        for beside in _BESIDE.get(item.metadata["Name"].lower(), []):
            source = Path(str(item.locate_file(beside)))
            if source.is_file() and not (folder / beside).is_symlink():
                (folder / beside).symlink_to(source)


def _job(model_type: str) -> dict[str, Any]:
    """The classes to import, and the auto classes that load the processors of a tiny model."""
    entry = read_entry(model_type)
    models = [facts["model_class"] for facts in entry["tasks"].values()]
    kinds = [kind for kind in entry["processors"] if kind in AUTO_CLASSES]
    built = (TINY / model_type / "config.json").is_file()
    if (TINY / model_type / "audio_tokenizer").is_dir():  # a model, of which no weights are kept
        kinds = [kind for kind in kinds if kind != "processor"]
    return {
        "model_type": model_type,
        "classes": [entry["config_class"], *dict.fromkeys(models)],
        "loads": [AUTO_CLASSES[kind] for kind in kinds] if built else [],
        "folder": str(TINY / model_type),
    }


def _run(model_types: list[str], folder: Path) -> dict[str, str]:
    """Model type -> error; empty if everything was imported and loaded."""
    lines = "\n".join(json.dumps(_job(model_type)) for model_type in model_types)
    ran = subprocess.run(
        [sys.executable, "-I", "-c", _CHILD, str(folder)],
        input=lines,
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT_S,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
    )
    errors = {
        item["model_type"]: item["error"] for item in map(json.loads, ran.stdout.splitlines())
    }
    tail = (ran.stderr.strip().splitlines() or ["no output"])[-1][:300]
    return {model_type: errors.get(model_type, tail) for model_type in model_types}


def confirm(model_types: list[str]) -> Iterator[tuple[str, dict[str, Any], bool]]:
    """Check model types with the same requirements together and record the results.

    Yields model type, result, and whether its entry changed.
    """
    groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for model_type in model_types:
        groups[tuple(read_entry(model_type)["dependencies"]["pip"])].append(model_type)
    for requirements, members in sorted(groups.items()):
        distributions, absent = closure(requirements)
        with tempfile.TemporaryDirectory() as folder:
            link(distributions.values(), Path(folder))
            errors = _run(members, Path(folder))
        for model_type in members:
            confirmed: dict[str, Any] = {"imports": not errors[model_type]}
            if errors[model_type]:
                confirmed["error"] = errors[model_type]
            if absent:
                confirmed["missing_here"] = sorted(absent)
            entry = read_entry(model_type)
            changed = write_entry({**entry, "dependencies_confirmed": confirmed})
            yield model_type, confirmed, changed


def run(model_types: list[str], workers: Workers) -> Iterator[Outcome]:
    """Model types with the same requirements share an environment."""
    started = time.monotonic()
    for model_type, confirmed, changed in confirm(model_types):
        now = time.monotonic()
        yield Outcome(
            model_type, "dependencies", now - started, changed, confirmed.get("error", "")
        )
        started = now
