"""Tasks and platforms as sources: plain Python, documented as they are, one folder each."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT

from hf_skillset_templates.registry.store.entries import read_entry
from hf_skillset_templates.template_hooks import load_hook

ENTRIES = sorted((ROOT / "registry" / "models").glob("*.json"))
TASKS = sorted(path.parent for path in (ROOT / "task_variants").glob("*/variant.yml"))
SOURCES = sorted(
    path
    for folder in ("task_variants", "hardware", "runtime")
    for path in (ROOT / folder).rglob("*.py")
)
HANDED = ("facts", "kinds", "rows_pad")
"""What every task is handed beside the caller's parameters."""
STEPS = {"encode": 3, "decode": 4}
"""How many arguments each step takes before its facts and the handler parameters."""


def step_parameters(module: Path) -> dict[str, Any]:
    """The handler parameters that a task's code takes, with their defaults (... for none)."""
    result: dict[str, Any] = {}
    for name, node in load_hook("function_reference").steps(module).items():
        named = node.args.args[STEPS[name] :]
        defaults = [ast.literal_eval(default) for default in node.args.defaults]
        padded = [...] * (len(named) - len(defaults)) + defaults
        result |= {argument.arg: value for argument, value in zip(named, padded)}
    return {name: value for name, value in result.items() if name not in HANDED}


@pytest.mark.parametrize("folder", TASKS, ids=lambda folder: folder.name)
def test_documented_parameters_are_those_of_the_code(folder: Path) -> None:
    variant = yaml.safe_load((folder / "variant.yml").read_text("utf-8"))
    documented = {
        name: ... if parameter["required"] else parameter.get("default")
        for name, parameter in variant["handler_params"].items()
    }
    modules = [step_parameters(folder / f"{name}.py") for name in ("task", *families(folder))]
    for parameters in modules:
        assert parameters.items() <= documented.items()
    assert documented == {name: value for one in modules for name, value in one.items()}


def families(folder: Path) -> list[str]:
    """The modules of a task for some model types."""
    return sorted({path.stem for path in folder.glob("*.py")} - {"task", "test_task"})


@pytest.mark.parametrize("folder", TASKS, ids=lambda folder: folder.name)
def test_every_module_of_a_task_has_both_steps_and_a_model_type(folder: Path) -> None:
    variant = yaml.safe_load((folder / "variant.yml").read_text("utf-8"))
    entries = [read_entry(path.stem)["tasks"].get(folder.name, {}) for path in ENTRIES]
    named = {*variant.get("modules", {}), *(entry.get("module") for entry in entries)}
    for name in families(folder):
        steps = load_hook("function_reference").steps(folder / f"{name}.py")
        assert list(steps) == ["encode", "decode"]
        assert name in named


@pytest.mark.parametrize("folder", TASKS, ids=lambda folder: folder.name)
def test_task_has_code_and_a_test(folder: Path) -> None:
    assert (folder / "task.py").is_file()
    assert f'TASK = "{folder.name}"' in (folder / "test_task.py").read_text("utf-8")


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_sources_hold_no_jinja(source: Path) -> None:
    text = source.read_text("utf-8")
    assert not [mark for mark in ("{{", "{%", "{#") if mark in text]


def test_assets_of_samples_exist() -> None:
    for folder in TASKS:
        text = (folder / "variant.yml").read_text("utf-8")
        names = [part.split('"')[0].split("'")[0] for part in text.split("asset:")[1:]]
        for name in names:
            name = name.split(",")[0].split("]")[0].split("}")[0].strip()
            assert (ROOT / "task_variants" / "_samples" / name).is_file(), (folder.name, name)


MADE_UP_VARIANT = {
    "summary": "A text in, its number of tokens out.",
    "modality": "text",
    "rank": 1,
    "auto_classes": ["AutoModelForMaskedLM"],
    "pipeline": None,
    "handler_name": "token_count",
    "processor": "tokenizer",
    "run": "forward",
    "inputs": ["text"],
    "handler_params": {},
    "output": {"format": "count", "description": "An int."},
    "samples": ["One boat.", "Two boats and a ship."],
    "tolerance": 1e-5,
}
MADE_UP_TASK = '''"""A text in, its number of tokens out (task `token-counting`)."""

from hf_skillset_runtime.media.text import as_text
from hf_skillset_runtime.tasks.encoded import Encoded


def encode(texts, tokenizer, config):
    """Tokenize."""
    return Encoded(dict(tokenizer([as_text(t) for t in texts], padding=True, return_tensors="np")))


def decode(outputs, encoded, tokenizer, config):
    """Count the tokens."""
    return [int(row.sum()) for row in encoded.inputs["attention_mask"]]
'''


def test_a_new_task_is_one_folder(template_repository: Path, tmp_path: Path) -> None:
    template = tmp_path / "template"
    shutil.copytree(template_repository, template, ignore=shutil.ignore_patterns(".git"))
    folder = template / "task_variants" / "token-counting"
    folder.mkdir()
    (folder / "variant.yml").write_text(yaml.safe_dump(MADE_UP_VARIANT))
    (folder / "task.py").write_text(MADE_UP_TASK)
    # What `scripts/build_registry.py` derives from the new variant.
    path = template / "registry" / "models" / "bert.json"
    entry = json.loads(path.read_text())
    fill_mask = entry["tasks"]["fill-mask"]
    entry["tasks"] = {"token-counting": {**fill_mask, "handler_name": "token_count"}}
    path.write_text(json.dumps(entry))

    package = copied(template, tmp_path / "hf_bert")
    assert passes(package, "tests/test_hf_bert.py")


def test_a_new_platform_is_one_folder(template_repository: Path, tmp_path: Path) -> None:
    """The CPU in a second folder: a package offers it and compares it with the CPU."""
    template = tmp_path / "template"
    shutil.copytree(template_repository, template, ignore=shutil.ignore_patterns(".git"))
    package = copied(template, tmp_path / "hf_bert")
    shutil.copytree(template / "hardware" / "cpu", template / "hardware" / "abacus")
    hook = [sys.executable, str(template / "hooks" / "insert_handlers.py"), str(package)]
    subprocess.run([*hook, "--add", "abacus"], check=True)
    output = passes(package, "tests/test_hf_bert.py", "-k", "abacus and fill")
    assert "abacus     fill-mask" in output
    assert "skipped" not in output.splitlines()[-1]


def copied(template: Path, package: Path) -> Path:
    """A bert package for the CPU."""
    command = [sys.executable, "-m", "copier", "copy", "--trust", "--defaults", "--quiet"]
    made = subprocess.run(
        [*command, "-d", "model_type=bert", "-d", "platforms=[cpu]", str(template), str(package)],
        capture_output=True,
        text=True,
    )
    assert made.returncode == 0, made.stderr
    return package


def passes(package: Path, *arguments: str) -> str:
    """Run tests of a package, which must pass; what pytest said."""
    tested = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *arguments],
        cwd=package,
        env={"PYTHONPATH": "src", "HF_HUB_OFFLINE": "1", "PATH": ""},
        capture_output=True,
        text=True,
    )
    assert tested.returncode == 0, tested.stdout[-3000:]
    return tested.stdout
