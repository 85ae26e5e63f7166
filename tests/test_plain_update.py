"""Plain `copier update`: what the template takes away or ignores is no loss of a person's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import commit_and_tag, git

COPIER = [sys.executable, "-m", "copier"]
DATA = ("-d", "model_type=bert", "-d", "platforms=[cpu, xpu, cuda]", "-d", "tasks=[fill-mask]")
OURS = "\nOURS = 1\n"
SOURCE = "src/hf_bert/platforms"


@pytest.fixture(scope="module")
def made(template_repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package in a folder of a person's repository; its template loses the platform xpu."""
    template = tmp_path_factory.mktemp("plain") / "my template"
    git(template.parent, "clone", "--quiet", str(template_repository), str(template))
    mine = tmp_path_factory.mktemp("made") / "mine"
    command = [*COPIER, "copy", "--trust", "--defaults", "--quiet", *DATA]
    subprocess.run([*command, str(template), str(mine / "hf_bert")], check=True)
    package = mine / "hf_bert"
    for name in ("xpu/handler.py", "cuda/handler.py"):
        path = package / SOURCE / name
        path.write_text(path.read_text() + OURS)
    (package / SOURCE / "xpu" / "ours.py").write_text(OURS)
    (package / ".gitignore").write_text(f"{SOURCE}/cuda/\n.env\n.venv\n__pycache__\n")
    (package / ".env").write_text("SECRET=1\n")
    (package / ".venv" / "lib").mkdir(parents=True)
    (package / ".venv" / "lib" / "x.py").write_text("x = 1\n")
    git(mine, "init", "--quiet")
    git(mine, "add", "--all")
    git(mine, "commit", "--quiet", "--message", "ours")
    shutil.rmtree(template / "hardware" / "xpu")
    (template / "registry/platforms.json").write_text('["cpu", "cuda", "openvino"]\n')
    handler = template / "hardware/cuda/handler.py"
    handler.write_text(handler.read_text() + "\n# Newer.\n")
    commit_and_tag(template, "9.0.0")
    return package


@pytest.fixture
def package(made: Path, tmp_path: Path) -> Path:
    """The package, for one test to work on."""
    return shutil.copytree(made.parent, tmp_path / "mine") / "hf_bert"


def update(package: Path, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """`copier update` as a person types it."""
    command = [*COPIER, "update", "--trust", "--defaults", "--quiet", *options]
    return subprocess.run(
        command, cwd=package, capture_output=True, text=True, env={**os.environ, **variables}
    )


def test_an_edited_file_that_leaves_the_template_is_kept_and_named(package: Path) -> None:
    own = {name: (package / name).read_bytes() for name in (".env", f"{SOURCE}/cuda/handler.py")}
    finished = update(package, "-d", "platforms=[cpu, cuda]")
    assert finished.returncode == 0, finished.stderr
    assert "_commit: 9.0.0" in (package / ".copier-answers.yml").read_text()
    xpu = package / SOURCE / "xpu"
    assert (xpu / "handler.py").read_text().endswith(OURS)
    assert (xpu / "ours.py").read_text() == OURS
    assert not (xpu / "__init__.py").exists()
    assert f"kept because edited: {SOURCE}/xpu/handler.py" in finished.stderr
    assert {name: (package / name).read_bytes() for name in own} == own
    assert "ignored by git, kept unchanged: " in finished.stderr
    assert f"{SOURCE}/cuda/handler.py" in finished.stderr
    assert not list((package.parent / ".git").glob("hf-skillset-held/*"))
    assert not list(package.rglob("*.rej"))


def test_files_are_kept_where_the_old_version_cannot_be_rendered(package: Path) -> None:
    """A file too many is no loss; one too few is."""
    hooks = Path(git_source(package)) / "hooks"
    git(package.parent, "rm", "--quiet", "--", f"hf_bert/{SOURCE}/xpu/handler.py")
    finished = subprocess.run(
        [sys.executable, str(hooks / "keep_edits.py"), ".", "after"],
        cwd=package,
        env={**os.environ, "COPIER_OPERATION": "update", "PATH": "/nowhere"},
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 0 and "Traceback" not in finished.stderr
    broken = package / ".copier-answers.yml"
    broken.write_text(broken.read_text().replace("_commit:", "_commit: none #"))
    git(package.parent, "commit", "--quiet", "--all", "--message", "broken")
    git(package.parent, "reset", "--quiet", "--hard", "HEAD")
    (package / "README.md").unlink()
    finished = subprocess.run(
        [sys.executable, str(hooks / "keep_edits.py"), ".", "after"],
        cwd=package,
        env={**os.environ, "COPIER_OPERATION": "update"},
        capture_output=True,
        text=True,
    )
    assert (
        "cannot render the template version" in finished.stderr
        and (package / "README.md").is_file()
    )


def git_source(package: Path) -> str:
    """The template that a package names."""
    import yaml

    return str(yaml.safe_load((package / ".copier-answers.yml").read_text())["_src_path"])
