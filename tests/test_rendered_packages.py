"""What is rendered for every model type: formatted, lint-free, compiling, the same each time."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from conftest import ROOT, file_bytes

from hf_skillset_templates.batch.package import PackageJob, generate_package
from hf_skillset_templates.batch.run import run_jobs
from hf_skillset_templates.registry.store.model_types import model_types, package_name

OLDEST_PYTHON = (3, 10)
OTHER_PYTHONS = ("3.10", "3.12", "3.13")
MAX_TOTAL_BYTES = 500 * 2**20


def generate(model_types: list[str], folder: Path, **answers: object) -> list[str]:
    """Generate packages as the batch does; the errors of those that failed."""
    jobs = [
        PackageJob(name, package_name(name), str(folder), dict(answers)) for name in model_types
    ]
    outcomes = run_jobs(
        jobs,
        folder,
        force=True,
        resume=False,
        workers=os.cpu_count() or 1,
        report=lambda outcome: None,
    )
    return [f"{o.model_type}: {o.stage}: {o.error}" for o in outcomes if o.error]


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package for every model type."""
    folder = tmp_path_factory.mktemp("packages")
    assert generate(list(model_types()), folder) == []
    return folder


def test_every_model_type_has_a_package(packages: Path) -> None:
    names = {package_name(model_type) for model_type in model_types()}
    assert {path.name for path in packages.iterdir()} == names
    assert len(names) == len(model_types())


def test_all_packages_together_stay_small(packages: Path) -> None:
    total = sum(path.stat().st_size for path in packages.rglob("*") if path.is_file())
    assert total < MAX_TOTAL_BYTES


def test_every_file_is_formatted_and_lint_free(packages: Path) -> None:
    for command in (("format", "--check"), ("check",)):
        finished = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--no-cache", str(packages)],
            capture_output=True,
            text=True,
        )
        assert finished.returncode == 0, finished.stdout[-3000:]


def test_every_file_compiles_on_the_oldest_python(packages: Path) -> None:
    seen = {path.read_bytes() for path in packages.rglob("*.py")}
    for source in seen:
        ast.parse(source, feature_version=OLDEST_PYTHON)


@pytest.mark.parametrize("version", OTHER_PYTHONS)
def test_every_file_compiles_on_other_pythons(packages: Path, version: str, tmp_path: Path) -> None:
    python = shutil.which(f"python{version}")
    if not python or subprocess.run([python, "--version"], capture_output=True).returncode:
        pytest.skip(f"Python {version} is not installed")
    for number, source in enumerate({path.read_bytes() for path in packages.rglob("*.py")}):
        (tmp_path / f"source_{number}.py").write_bytes(source)
    finished = subprocess.run(
        [python, "-m", "compileall", "-q", str(tmp_path)], capture_output=True, text=True
    )
    assert finished.returncode == 0, finished.stdout[-3000:]


def test_no_trace_of_the_template_is_left(packages: Path) -> None:
    debris = re.compile(r"\{%|(?<!\$)\{\{[^}]*\}\}|\n\n\n\n|[ \t]\n|\A\s")
    bad = []
    for path in packages.rglob("*"):
        rendered = path.suffix in (".py", ".toml", ".md", ".yml") and "tiny" not in path.parts
        if rendered and debris.search(path.read_text("utf-8")):
            bad.append(str(path.relative_to(packages)))
    assert bad == []


def test_each_profile_renders_clean_code(tmp_path: Path) -> None:
    sample = ["bert", "vit", "whisper", "llava"]
    for profile in ("basic", "template", "improved"):
        assert generate(sample, tmp_path / profile, profile=profile) == []
    for command in (("format", "--check"), ("check",)):
        finished = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--no-cache", str(tmp_path)],
            capture_output=True,
            text=True,
        )
        assert finished.returncode == 0, finished.stdout[-3000:]


def test_profiles_contain_what_the_readme_says(tmp_path: Path) -> None:
    for profile in ("basic", "template", "improved"):
        generate(["bert"], tmp_path / profile, profile=profile)
    basic, template, improved = (
        file_bytes(tmp_path / profile / "hf_bert") for profile in ("basic", "template", "improved")
    )
    assert not [name for name in basic if name.startswith("src/")]
    assert "tests/test_hf_bert.py" in basic
    assert set(template) == set(improved)
    assert len(improved["src/hf_bert/registry.json"]) > len(template["src/hf_bert/registry.json"])


@pytest.mark.parametrize("profile", ["basic", "improved"])
@pytest.mark.parametrize("author", ["", "Ada Lovelace"])
def test_package_has_the_text_of_its_licence(profile: str, author: str, tmp_path: Path) -> None:
    question = yaml.safe_load((ROOT / "copier.yml").read_text("utf-8"))["license"]
    texts = []
    for licence in question["choices"]:
        answers = {"license": licence, "author": author, "profile": profile}
        assert generate_package(PackageJob("bert", "hf_bert", str(tmp_path), answers)).error == ""
        texts.append((tmp_path / "hf_bert" / "LICENSE").read_text("utf-8"))
    holder = re.compile(rf"Copyright (\(c\) )?{author or 'the authors of hf_bert'}\b")
    assert len(set(texts)) == len(texts) == 4
    assert all(holder.search(text) for text in texts)
    assert not any(re.search(r"{[{%]|yyyy|\[name", text) for text in texts)


@pytest.mark.parametrize("runtime", ["vendored", "dependency"])
def test_package_names_the_licence_of_all_that_it_holds(runtime: str, tmp_path: Path) -> None:
    for licence in ("MIT", "Apache-2.0"):
        generate(["bert"], tmp_path, runtime=runtime, license=licence, platforms=["cpu"])
        package = tmp_path / "hf_bert"
        project = (package / "pyproject.toml").read_text("utf-8")
        vendored = sorted((package / "src" / "hf_bert").glob("_runtime/**/*.py"))
        both = runtime == "vendored" and licence == "MIT"
        assert f'license = "{licence}{" AND Apache-2.0" if both else ""}"' in project
        assert bool(vendored) is (runtime == "vendored")
        for path in vendored:
            assert "SPDX-License-Identifier: Apache-2.0" in path.read_text("utf-8"), path
        readme = (package / "README.md").read_text("utf-8")
        assert ("pip install TEMPLATE/runtime" in readme) is (runtime == "dependency")
        assert ("_runtime/`, a part of" in readme) is (runtime == "vendored")
