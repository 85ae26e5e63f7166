"""`copier update` and `scripts/batch_update.py` on packages that people have edited."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Run, commit_and_tag, git, summary_of

from hf_skillset_templates.batch.update import update_package

PACKAGES = ("bert", "gpt2", "vit", "whisper")


@pytest.fixture(scope="module")
def made_packages(template_repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four packages made by plain `copier copy` at 0.1.0; since then 0.2.0 came out."""
    folder = tmp_path_factory.mktemp("made") / "packages"
    for model_type in PACKAGES:
        copy(template_repository, folder / f"hf_{model_type}", model_type)
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "generated")
    release(template_repository, "0.2.0")
    return folder


@pytest.fixture
def packages(made_packages: Path, tmp_path: Path) -> Path:
    """The packages, for one test to work on."""
    return shutil.copytree(made_packages, tmp_path / "packages", symlinks=True)


def copy(template: Path, target: Path, model_type: str) -> None:
    """`copier copy` as a user types it, from inside the template."""
    command = [sys.executable, "-m", "copier", "copy", "--trust", "--defaults", "--quiet"]
    command += ["--data", f"model_type={model_type}", ".", str(target)]
    subprocess.run(command, check=True, cwd=template, capture_output=True)


def edit(path: Path, old: str, new: str) -> None:
    """Replace text that must be there."""
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def release(template: Path, version: str) -> None:
    """A newer template: one sentence of the README and one docstring differ."""
    edit(template / "template/package/README.md.jinja", "## Tasks", "## What it can do")
    edit(
        template / "runtime/hf_skillset_runtime/serving/endpoint.py",
        '"""Handlers: one task',
        '"""Endpoint handlers: one task',
    )
    edit(
        template / "task_variants/fill-mask/task.py",
        "Text with one masked word in",
        "Text with one masked word (masks) in",
    )
    (template / "runtime/VERSION").write_text(f"{version}\n")
    commit_and_tag(template, version)


def test_answers_name_the_template_and_its_version(
    packages: Path, template_repository: Path
) -> None:
    answers = (packages / "hf_bert" / ".copier-answers.yml").read_text()
    assert f"_src_path: {template_repository}\n" in answers
    assert "_commit: 0.1.0\n" in answers


def test_every_package_is_updated_and_edits_are_kept(packages: Path, run_script: Run) -> None:
    edit(packages / "hf_bert/README.md", "# hf_bert", "# Our BERT")
    (packages / "hf_gpt2/src/hf_gpt2/ours.py").write_text("OURS = 1\n")
    edit(packages / "hf_vit/README.md", "## Tasks", "## Our tasks")
    git(packages, "add", "--all")
    git(packages, "commit", "--quiet", "--message", "edited by hand")
    finished = run_script("batch_update", packages, "--json")

    summary = summary_of(finished)
    statuses = {record["package"]: record["status"] for record in summary["packages"]}  # type: ignore[attr-defined, index]
    assert statuses == {
        "hf_bert": "updated",
        "hf_gpt2": "updated",
        "hf_vit": "conflict",
        "hf_whisper": "updated",
    }
    assert finished.returncode == 1
    for name in ("hf_bert", "hf_gpt2", "hf_whisper"):
        assert "## What it can do" in (packages / name / "README.md").read_text()
        assert "_commit: 0.2.0" in (packages / name / ".copier-answers.yml").read_text()
        source = (
            packages / name / "src" / name / "_runtime" / "serving" / "endpoint.py"
        ).read_text()
        assert '\n"""Endpoint handlers' in source
    assert (packages / "hf_bert/README.md").read_text().startswith("# Our BERT\n")
    assert (packages / "hf_gpt2/src/hf_gpt2/ours.py").read_text() == "OURS = 1\n"
    conflict = (packages / "hf_vit/README.md").read_text()
    assert "<<<<<<<" in conflict and "## Our tasks" in conflict and "## What it can do" in conflict
    changed = {
        line[3:].split("/")[0] for line in git(packages, "status", "--porcelain").splitlines()
    }
    assert changed == {"hf_bert", "hf_gpt2", "hf_vit", "hf_whisper"}


def test_an_update_merges_what_is_a_persons_and_replaces_the_runtime(
    packages: Path, run_script: Run
) -> None:
    package = packages / "hf_bert"
    source = package / "src" / "hf_bert"
    edits = {
        source / "tasks" / "fill_mask.py": ("\n\n\ndef encode(", "\n\nOURS = 1\n\n\ndef encode("),
        source / "platforms" / "cpu" / "handler.py": (
            "\n\n\nclass CPU",
            "\n\nOURS = 1\n\n\nclass CPU",
        ),
        source / "skillset.py": ("\n\n\nclass hf_bert", "\n\nOURS = 1\n\n\nclass hf_bert"),
        package / "tests" / "test_fill_mask.py": ("TASK =", "OURS = 1\nTASK ="),
        package / "README.md": ("# hf_bert", "# OURS = 1"),
    }
    for path, (old, new) in edits.items():
        edit(path, old, new)
    endpoint = source / "_runtime" / "serving" / "endpoint.py"
    edit(endpoint, "import asyncio", "import asyncio  # edited against the header")
    (source / "_runtime" / "extra.py").write_text("EXTRA = 1\n")
    (source / "_runtime" / "mock.py").unlink()
    git(packages, "add", "--all")
    git(packages, "commit", "--quiet", "--message", "edited by hand")
    finished = run_script("batch_update", packages, "--only", "hf_bert", "--json")
    assert summary_of(finished)["updated"] == 1, finished.stdout
    for path in edits:
        assert "OURS = 1" in path.read_text(), path
    assert "masks" in (source / "tasks" / "fill_mask.py").read_text()
    text = endpoint.read_text()
    assert text.startswith("# Part of hf-skillset-runtime 0.2.0")
    assert "edited against" not in text and "Endpoint handlers" in text
    assert (source / "_runtime" / "mock.py").is_file()
    assert not (source / "_runtime" / "extra.py").exists()
    assert not list(package.rglob("*.rej"))


def test_package_that_is_up_to_date_is_left_alone(packages: Path, run_script: Run) -> None:
    finished = run_script(
        "batch_update", packages, "--only", "hf_bert", "--vcs-ref", "0.1.0", "--json"
    )
    assert finished.returncode == 0
    assert summary_of(finished)["up to date"] == 1
    assert git(packages, "status", "--porcelain") == ""


def test_uncommitted_changes_are_never_touched(packages: Path, run_script: Run) -> None:
    (packages / "hf_bert/README.md").write_text("unsaved work")
    finished = run_script(
        "batch_update", packages, "--only", "hf_bert", "--only", "hf_vit", "--json"
    )
    assert finished.returncode == 1
    records = {record["package"]: record for record in summary_of(finished)["packages"]}  # type: ignore[attr-defined, index]
    assert records["hf_bert"]["status"] == "failed"
    assert "uncommitted" in records["hf_bert"]["error"]
    assert records["hf_vit"]["status"] == "updated"
    assert (packages / "hf_bert/README.md").read_text() == "unsaved work"


def test_deleted_files_stay_deleted(packages: Path, run_script: Run) -> None:
    git(packages, "rm", "--quiet", "hf_bert/tests/test_fill_mask.py")
    git(packages, "commit", "--quiet", "--message", "not for us")
    finished = run_script("batch_update", packages, "--only", "hf_bert", "--json")
    assert summary_of(finished)["updated"] == 1
    assert not (packages / "hf_bert/tests/test_fill_mask.py").exists()


def test_plain_copier_update_works(packages: Path) -> None:
    package = packages / "hf_bert"
    command = [sys.executable, "-m", "copier", "update", "--trust", "--defaults", "--quiet"]
    subprocess.run(command, check=True, cwd=package, capture_output=True)
    assert "## What it can do" in (package / "README.md").read_text()
    assert "_commit: 0.2.0" in (package / ".copier-answers.yml").read_text()


def test_folder_without_packages_is_bad_usage(run_script: Run, tmp_path: Path) -> None:
    finished = run_script("batch_update", tmp_path)
    assert finished.returncode == 2
    assert "contains no generated package" in finished.stderr


def test_another_repository_in_the_environment_is_not_touched(
    packages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run_script: Run
) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    git(mine, "init", "--quiet")
    (mine / ".gitignore").write_text(".env\n")
    (mine / ".env").write_text("SECRET=1\n")
    (mine / "work.txt").write_text("work\n")
    git(mine, "add", "--all")
    git(mine, "commit", "--quiet", "--message", "work")
    before = (git(mine, "rev-parse", "HEAD"), (mine / ".git" / "index").read_bytes())
    with monkeypatch.context() as hook:
        hook.setenv("GIT_DIR", str(mine / ".git"))
        hook.setenv("GIT_WORK_TREE", str(mine))
        hook.setenv("GIT_INDEX_FILE", str(mine / ".git" / "index"))
        finished = run_script("batch_update", packages, "--only", "hf_bert", "--json")
    assert summary_of(finished)["updated"] == 1, finished.stdout + finished.stderr
    assert before == (git(mine, "rev-parse", "HEAD"), (mine / ".git" / "index").read_bytes())
    assert "## What it can do" in (packages / "hf_bert" / "README.md").read_text()


def test_an_ignored_file_is_not_replaced_by_an_update(packages: Path, run_script: Run) -> None:
    """The test of a task that was deleted and ignored, and is there again as a person's own."""
    package = packages / "hf_vit"
    own = package / "src/hf_vit/platforms/cuda/handler.py"
    git(packages, "rm", "--quiet", "--cached", str(own))
    (packages / ".gitignore").write_text("hf_vit/src/hf_vit/platforms/cuda/\n")
    own.write_text("OURS = 1\n")
    git(packages, "add", "--all")
    git(packages, "commit", "--quiet", "--message", "ours is ignored")
    run_script("batch_update", packages, "--only", "hf_vit", "--json")
    assert own.read_text() == "OURS = 1\n"


def test_an_edited_file_that_leaves_the_template_is_kept(
    packages: Path, template_repository: Path, tmp_path: Path
) -> None:
    newest = tmp_path / "newest"
    git(tmp_path, "clone", "--quiet", str(template_repository), str(newest))
    shutil.rmtree(newest / "hardware" / "xpu")
    (newest / "registry/platforms.json").write_text('["cpu", "cuda", "openvino"]\n')
    commit_and_tag(newest, "0.3.0")
    for name in ("hf_bert", "hf_vit"):
        edit(packages / name / ".copier-answers.yml", str(template_repository), str(newest))
    edited = packages / "hf_bert/src/hf_bert/platforms/xpu/handler.py"
    edited.write_text(edited.read_text() + "OURS = 1\n")
    git(packages, "add", "--all")
    git(packages, "commit", "--quiet", "--message", "ours")
    bert, vit = (update_package(packages / name, None) for name in ("hf_bert", "hf_vit"))
    assert bert.status == "kept" and "platforms/xpu/handler.py" in bert.error
    assert edited.read_text().endswith("OURS = 1\n")
    assert (vit.status, vit.error) == ("updated", "")
    assert not (packages / "hf_vit/src/hf_vit/platforms/xpu/handler.py").exists()
