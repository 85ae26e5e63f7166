"""`insert_handlers.py PACKAGE --add PLATFORM`: new files alone, of the package's own version."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from conftest import commit_and_tag, file_bytes, git

from hf_skillset_templates.reference.template import add_handler_names

NEWER = "\n# Newer.\n"


@pytest.fixture(scope="module")
def template(template_repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout that is one version ahead of the one that the package is made with."""
    place = tmp_path_factory.mktemp("added") / "template"
    git(place.parent, "clone", "--quiet", str(template_repository), str(place))
    return place


@pytest.fixture(scope="module")
def made(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package for the CPU, edited by a person; the template is a version ahead of it since."""
    import copier

    package = tmp_path_factory.mktemp("made") / "hf_bert"
    data = {"model_type": "bert", "platforms": ["cpu"]}
    options = {"defaults": True, "quiet": True, "unsafe": True, "vcs_ref": "HEAD"}
    copier.run_copy(str(template), package, data=data, **options)
    for name in ("README.md", "src/hf_bert/tasks/fill_mask.py", "src/hf_bert/skillset.py"):
        path = package / name
        path.write_text(path.read_text() + "\n# Ours.\n")
    (package / "tests" / "test_fill_mask.py").unlink()
    registry = package / "src/hf_bert/registry.json"
    entry = json.loads(registry.read_text())
    entry["description"], entry["platforms"]["cpu"]["ours"] = "Ours.", 1
    registry.write_text(json.dumps(entry, indent=2))
    for part in ("hardware/cuda/handler.py", "task_variants/fill-mask/task.py"):
        (template / part).write_text((template / part).read_text() + NEWER)
    commit_and_tag(template, "8.0.0")
    return package


@pytest.fixture
def package(made: Path, tmp_path: Path) -> Path:
    """The package, for one test to work on."""
    return shutil.copytree(made, tmp_path / "hf_bert")


def add(template: Path, package: Path, *names: str) -> subprocess.CompletedProcess[str]:
    """Add platforms by the hook of a template."""
    command = [sys.executable, str(template / "hooks" / "insert_handlers.py"), str(package)]
    command += [word for name in names for word in ("--add", name)]
    return subprocess.run(command, capture_output=True, text=True)


def changed(before: dict[str, bytes], package: Path) -> set[str]:
    """The files that are not as they were."""
    after = file_bytes(package)
    return {name for name in {*before, *after} if before.get(name) != after.get(name)}


def test_names_of_a_module_stay_and_hold_for_what_is_added(template: Path, package: Path) -> None:
    names = {"embed": "feature-extraction", "mlm": "fill-mask"}
    add_handler_names(package, "hf_bert", names)
    for platforms in (["openvino"], []):
        finished = add(template, package, *platforms)
        assert finished.returncode == 0, finished.stderr
        methods = [f"create_openvino_{name}_endpoint_handler" for name in (*names, "fill_mask")]
        code = f"import hf_bert; [getattr(hf_bert.hf_bert, name) for name in {methods}]"
        subprocess.run([sys.executable, "-c", code], check=True, cwd=package / "src")


def test_nothing_that_is_there_is_touched(template: Path, package: Path) -> None:
    before = file_bytes(package)
    entry = json.loads(before["src/hf_bert/registry.json"])
    finished = add(template, package, "cuda")
    assert (finished.returncode, finished.stderr) == (0, "")
    assert changed(before, package) == {
        "src/hf_bert/platforms/cuda/__init__.py",
        "src/hf_bert/platforms/cuda/handler.py",
        "src/hf_bert/registry.json",
        ".copier-answers.yml",
    }
    after = json.loads((package / "src/hf_bert/registry.json").read_text())
    assert list(after.pop("platforms")) == ["cpu", "cuda"]
    entry.pop("platforms")
    assert after == entry
    assert not (package / "tests/test_fill_mask.py").exists()


def test_the_files_are_of_the_version_that_the_package_was_made_with(
    template: Path, package: Path
) -> None:
    add(template, package, "cuda")
    handler = (package / "src/hf_bert/platforms/cuda/handler.py").read_text()
    assert NEWER.strip() not in handler
    answers = yaml.safe_load((package / ".copier-answers.yml").read_text())
    assert (answers["_commit"], answers["platforms"]) == ("0.1.0", ["cpu", "cuda"])


def test_a_version_that_is_not_at_hand_is_said(template: Path, package: Path) -> None:
    answers = package / ".copier-answers.yml"
    answers.write_text(answers.read_text().replace("_commit: 0.1.0", "_commit: 0.0.9"))
    before = file_bytes(package)
    finished = add(template, package, "cuda")
    assert finished.returncode == 2
    assert "0.0.9" in finished.stderr and "`copier update`" in finished.stderr
    assert changed(before, package) == set()


def test_a_platform_that_is_there_is_kept(template: Path, package: Path) -> None:
    mine = package / "src/hf_bert/platforms/xpu/handler.py"
    mine.parent.mkdir()
    mine.write_text("OURS = 1\n")
    before = file_bytes(package)
    finished = add(template, package, "xpu")
    assert finished.returncode == 2 and "already exists and was not changed" in finished.stderr
    assert changed(before, package) == set()
    assert add(template, package, "cpu").returncode == 0
    assert changed(before, package) == set()


@pytest.mark.parametrize(
    "written", ["platforms: [cpu]", "platforms:\n  - cpu", "platforms: ['cpu'] # ours"]
)
def test_answers_in_any_style_are_read_as_yaml(template: Path, package: Path, written: str) -> None:
    path = package / ".copier-answers.yml"
    path.write_text(path.read_text().replace("platforms:\n- cpu", written))
    assert written in path.read_text()
    assert add(template, package, "cuda", "xpu").returncode == 0
    text = path.read_text()
    assert yaml.safe_load(text)["platforms"] == ["cpu", "cuda", "xpu"]
    assert "\n\n" not in text


@pytest.mark.parametrize(
    ("file", "content"),
    [
        (".copier-answers.yml", b"platforms: ["),
        (".copier-answers.yml", b"- a list"),
        (".copier-answers.yml", b"\xff\xfe"),
        (".copier-answers.yml", b"profile: improved\n"),
        (".copier-answers.yml", b"a: " + b"[" * 100_000),
        ("src/hf_bert/registry.json", b"{"),
        ("src/hf_bert/registry.json", b"[1]"),
    ],
)
def test_a_broken_package_is_one_sentence(
    template: Path, package: Path, file: str, content: bytes
) -> None:
    (package / file).write_bytes(content)
    before = file_bytes(package)
    finished = add(template, package, "cuda")
    (line,) = finished.stderr.splitlines()
    assert finished.returncode == 2 and "Traceback" not in line
    assert changed(before, package) == set()


def test_the_hooks_keep_edits_unless_copier_replaces_files(template: Path, package: Path) -> None:
    before = file_bytes(package)
    hook = [sys.executable, str(template / "hooks" / "insert_handlers.py"), str(package)]
    finished = subprocess.run(hook, capture_output=True, text=True)
    assert finished.returncode == 0
    assert "src/hf_bert/tasks/fill_mask.py" in finished.stderr
    assert changed(before, package) == {"tests/test_fill_mask.py"}
    subprocess.run([*hook, "--existing=replace"], check=True)
    assert NEWER.strip() in (package / "src/hf_bert/tasks/fill_mask.py").read_text()


def test_a_person_s_own_files_are_not_validated(template: Path, package: Path) -> None:
    for name in ("tests/data/legacy.py", ".venv/lib/x.py", "src/hf_bert/old/ours.py"):
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text("print 'Python 2'\n")
    hook = [sys.executable, str(template / "hooks" / "validate_package.py"), str(package)]
    assert subprocess.run(hook).returncode == 0


@pytest.mark.parametrize("operation", ["copy", "update"])
def test_a_hook_ends_no_update(template: Path, package: Path, operation: str) -> None:
    (package / "src/hf_bert/skillset.py").write_text("import torch\n")
    hook = [sys.executable, str(template / "hooks" / "validate_package.py"), str(package)]
    environment = {**os.environ, "COPIER_OPERATION": operation}
    finished = subprocess.run(hook, env=environment, capture_output=True, text=True)
    assert "validate_package: " in finished.stderr and "torch" in finished.stderr
    assert finished.returncode == (0 if operation == "update" else 1)
