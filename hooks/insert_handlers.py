"""Puts the chosen tasks and platforms into a package: plain copies, nothing is rewritten.

Run by Copier after rendering, and by hand to add a platform to a package that exists:

    python hooks/insert_handlers.py PACKAGE --add openvino

Which modules a task or a platform needs beside its own is read from its imports. Running
it again changes nothing. Needs nothing beyond Copier's own dependencies.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from function_reference import task_functions

ROOT = Path(__file__).resolve().parent.parent
VARIANTS = ROOT / "task_variants"
HARDWARE = ROOT / "hardware"
ASSET = re.compile(r'"asset:([^"]+)"')
SHORT_ENTRY = ("model_type", "default_checkpoint", "dependencies")
SHORT_TASK = (
    "auto_class",
    "facts",
    "handler_name",
    "handler_params",
    "output",
    "pads",
    "pipeline",
    "processor",
    "run",
    "sample_params",
    "samples",
    "tolerance",
)
GENERATOR_FIELDS = (
    "auto_classes",
    "excludes",
    "forward",
    "leftover",
    "model_classes",
    "model_facts",
    "only",
    "rank",
    "requires",
    "without",
)
"""What a variant says about choosing model types and about others than the package's own."""


class HookError(Exception):
    """A hook cannot do its work; the message says what to do."""


def insert_handlers(package: Path, add: tuple[str, ...] = ()) -> None:
    """Copy the tasks and platforms of the package's answers, and `add`, into it."""
    answers_file = package / ".copier-answers.yml"
    if not answers_file.is_file():
        raise HookError(f"{package} is no generated package: it has no .copier-answers.yml")
    answers = yaml.safe_load(answers_file.read_text("utf-8"))
    if answers["profile"] == "basic":
        if add:
            raise HookError(f"{package} has the profile basic, which has no platforms")
        return
    platforms = [*answers["platforms"], *(name for name in add if name not in answers["platforms"])]
    check_platforms(platforms)
    source = package / "src" / answers["package_name"]
    for name in platforms:
        insert_platform(name, source / "platforms")
    tasks = {name: variant for name in answers["tasks"] if (variant := load_variant(name))}
    for name in tasks:
        insert_task(name, source, package / "tests")
    entry = registry_entry(answers, tasks, platforms)
    write_json(source / "registry.json", entry)
    copy_samples(json.dumps(entry), source / "samples")
    if platforms != answers["platforms"]:
        record_platforms(answers_file, platforms)


def check_platforms(names: list[str]) -> None:
    """Raise for a platform that does not exist."""
    known = sorted(folder.parent.name for folder in HARDWARE.glob("*/handler.py"))
    if unknown := [name for name in names if name not in known]:
        raise HookError(f"no platform {unknown[0]!r}; there are: {', '.join(known)}")


def load_variant(task: str) -> dict[str, Any] | None:
    """A task's `variant.yml`; None while the task has no code yet."""
    folder = VARIANTS / task
    if not (folder / "task.py").is_file():
        return None
    variant: dict[str, Any] = yaml.safe_load((folder / "variant.yml").read_text("utf-8"))
    return variant


def insert_platform(name: str, folder: Path) -> None:
    """Copy one platform's handler and the shared modules it imports."""
    handler = HARDWARE / name / "handler.py"
    copy(handler, folder / f"{name}.py")
    for shared in siblings(handler, HARDWARE / "_shared"):
        copy(shared, folder / shared.name)


def insert_task(name: str, source: Path, tests: Path) -> None:
    """Copy one task's module, its test, and the shared and input modules they import."""
    slug = name.replace("-", "_")
    module = VARIANTS / name / "task.py"
    copy(module, source / "tasks" / f"{slug}.py")
    for shared in siblings(module, VARIANTS / "_shared"):
        copy(shared, source / "tasks" / shared.name)
    for kind in input_kinds(module):
        copy(VARIANTS / "_inputs" / f"{kind}.py", source / "inputs" / f"{kind}.py")
        copy(VARIANTS / "_inputs" / "__init__.py", source / "inputs" / "__init__.py")
    if (test := VARIANTS / name / "test_task.py").is_file():
        copy(test, tests / f"test_{slug}.py")


def siblings(module: Path, folder: Path) -> Iterator[Path]:
    """The modules of `folder` that `module` imports as its siblings, and those they import."""
    for level, name in relative_imports(module):
        if level == 1 and name:
            yield folder / f"{name}.py"
            yield from siblings(folder / f"{name}.py", folder)


def input_kinds(module: Path) -> Iterator[str]:
    """The input modules that a task and its shared modules import."""
    for source in (module, *siblings(module, VARIANTS / "_shared")):
        for level, name in relative_imports(source):
            if level == 2 and name.startswith("inputs."):
                kind = name.removeprefix("inputs.")
                yield kind
                yield from (
                    path.stem
                    for path in siblings(VARIANTS / "_inputs" / f"{kind}.py", VARIANTS / "_inputs")
                )


def relative_imports(module: Path) -> list[tuple[int, str]]:
    """The relative imports of a module as (level, dotted name)."""
    tree = ast.parse(module.read_text("utf-8"))
    imports = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))
    return [(node.level, node.module or "") for node in imports if node.level]


def registry_entry(
    answers: dict[str, Any], variants: dict[str, Any], platforms: list[str]
) -> dict[str, Any]:
    """What the package's `registry.json` says: what was measured, the tasks' and platforms' facts.

    The profile `template` gets what the code needs, `improved` all that is known.
    """
    path = ROOT / "registry" / "models" / f"{answers['model_type']}.json"
    entry: dict[str, Any] = json.loads(path.read_text("utf-8"))
    tasks = {
        name: task_entry(variant, entry["tasks"][name], name, answers["model_type"])
        for name, variant in variants.items()
    }
    if answers["profile"] == "template":
        entry = {key: entry[key] for key in SHORT_ENTRY}
        tasks = {
            name: {key: task[key] for key in SHORT_TASK if key in task}
            for name, task in tasks.items()
        }
    return {
        **entry,
        "default_checkpoint": answers["checkpoint"] or None,
        "tasks": tasks,
        "platforms": {name: platform_facts(name) for name in platforms},
    }


def platform_facts(name: str) -> dict[str, Any]:
    """What a platform's `platform.yml` says."""
    facts: dict[str, Any] = yaml.safe_load((HARDWARE / name / "platform.yml").read_text("utf-8"))
    return facts


def task_entry(
    variant: dict[str, Any], measured: dict[str, Any], name: str, model_type: str
) -> dict[str, Any]:
    """One task: its variant without what only the generator needs, what was measured, its code.

    Of the variant's facts about model types it has those of `model_type` alone.
    """
    stated = {key: value for key, value in variant.items() if key not in GENERATOR_FIELDS}
    facts = variant.get("model_facts", {}).get(model_type)
    auto_class = measured["auto_class"] or measured["model_class"]
    return {
        **stated,
        **({"facts": facts} if facts else {}),
        **measured,
        "auto_class": auto_class,
        "run": resolved_run(variant["run"], measured["model_class"], auto_class),
        "helper_functions": task_functions(VARIANTS / name / "task.py"),
    }


def resolved_run(run: str | dict[str, str], model_class: str, auto_class: str) -> str:
    """How the model is called, where it depends on the class for that class."""
    if isinstance(run, str):
        return run
    return run[model_class] if model_class in run else run[auto_class]


def copy_samples(entry: str, folder: Path) -> None:
    """Copy the sample files that the entry's tasks name."""
    for name in sorted(set(ASSET.findall(entry))):
        copy(VARIANTS / "_samples" / name, folder / name)


def record_platforms(answers_file: Path, platforms: list[str]) -> None:
    """Write the new list of platforms into the answers file, leaving its other lines alone."""
    text = answers_file.read_text("utf-8")
    listed = yaml.safe_dump({"platforms": platforms}, default_flow_style=False)
    updated = re.sub(r"^platforms:\n(?:-.*\n|\s+-.*\n)*", listed, text, flags=re.MULTILINE)
    answers_file.write_text(updated, "utf-8")


def write_json(path: Path, value: Any) -> None:
    """Write indented JSON."""
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", "utf-8")


def copy(source: Path, target: Path) -> None:
    """Copy a file, making its folder; its bytes only, so that every run gives the same."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def main(argv: list[str]) -> int:
    """Run on the package that the command line names; 2 for bad input."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("package", type=Path)
    parser.add_argument("--add", action="append", default=[], metavar="PLATFORM")
    arguments = parser.parse_args(argv)
    try:
        insert_handlers(arguments.package, tuple(arguments.add))
    except HookError as error:
        print(f"insert_handlers: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
