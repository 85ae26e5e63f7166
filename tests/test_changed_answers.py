"""Answers that change with an update, a recopy or by hand: done, or refused with what to do."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import copier
import pytest
import yaml
from conftest import commit_and_tag, git
from copier.errors import UserMessageError

from hf_skillset_templates.reference.template import add_handler_names

EDITS = {
    "README.md": "\nOurs.\n",
    "src/hf_bert/tasks/fill_mask.py": "\nOURS = 1\n",
    "src/hf_bert/platforms/cpu/handler.py": "\nOURS = 1\n",
    "tests/test_fill_mask.py": "\nOURS = 1\n",
}
OWN = {
    "tests/data/legacy.py": "print 'Python 2'\n",
    "src/hf_bert/ours.py": "OURS = 1\n",
    "tests/tiny/ours.json": "{}\n",
}
ANSWERS = {
    "model_type": "bert",
    "platforms": ["cpu", "cuda"],
    "tasks": ["fill-mask", "token-classification"],
}


@pytest.fixture(scope="module")
def template(template_repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A template of its own, with a version after the one that the package is made with."""
    place = tmp_path_factory.mktemp("changed") / "template"
    git(place.parent, "clone", "--quiet", str(template_repository), str(place))
    return place


@pytest.fixture(scope="module")
def made(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package with a person's edits and files, in their repository."""
    package = tmp_path_factory.mktemp("made") / "hf_bert"
    options = {"data": ANSWERS, "defaults": True, "quiet": True, "unsafe": True}
    copier.run_copy(str(template), package, vcs_ref="HEAD", **options)
    for name, text in EDITS.items():
        path = package / name
        path.write_text(path.read_text() + text)
    for name, text in OWN.items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(text)
    (package / ".gitignore").write_text(".venv\n*.safetensors\n")
    (package / ".venv").mkdir()
    (package / ".venv" / "broken.py").write_text("print 'Python 2'\n")
    (package / "tests" / "tiny" / "model.safetensors").write_bytes(b"weights")
    git(package, "init", "--quiet")
    git(package, "add", "--all")
    git(package, "commit", "--quiet", "--message", "ours")
    readme = template / "template/package/README.md.jinja"
    readme.write_text(readme.read_text() + "\nNewer.\n")
    variant = template / "task_variants/fill-mask/variant.yml"
    variant.write_text(variant.read_text() + "note: Newer.\n")
    commit_and_tag(template, "9.0.0")
    return package


@pytest.fixture
def package(made: Path, tmp_path: Path) -> Path:
    """The package, for one test to work on."""
    return shutil.copytree(made, tmp_path / "hf_bert")


def update(package: Path, **data: object) -> None:
    """`copier update` with other answers."""
    options = {"defaults": True, "overwrite": True, "quiet": True, "unsafe": True}
    copier.run_update(package, data=data, **options)


def kept(package: Path, *but: str) -> bool:
    """Whether a person's edits and files are there."""
    edits = all(
        text in (package / name).read_text() for name, text in EDITS.items() if name not in but
    )
    own = all((package / name).read_text() == text for name, text in OWN.items())
    return edits and own and (package / "tests/tiny/model.safetensors").is_file()


def entry_of(package: Path) -> dict[str, object]:
    """What a package's registry says."""
    entry: dict[str, object] = json.loads((package / "src/hf_bert/registry.json").read_text())
    return entry


def test_an_update_keeps_edits_and_own_files(package: Path) -> None:
    update(package)
    assert kept(package)
    assert "Newer." in (package / "README.md").read_text()
    assert not list(package.rglob("*.rej"))


def test_platforms_and_the_primary_task_can_change(package: Path) -> None:
    update(package, platforms=["cpu", "xpu"], primary_task="token-classification")
    assert kept(package)
    entry = entry_of(package)
    assert list(entry["platforms"]) == ["cpu", "xpu"]  # type: ignore[call-overload]
    assert next(iter(entry["tasks"])) == "token-classification"  # type: ignore[call-overload]
    assert entry["primary_task"] == "token-classification"
    platforms = package / "src/hf_bert/platforms"
    assert (platforms / "xpu/handler.py").is_file() and not (platforms / "cuda").exists()


def test_tasks_and_the_profile_can_change(package: Path) -> None:
    update(package, tasks=["fill-mask", "text-classification"], profile="template")
    assert kept(package)
    assert list(entry_of(package)["tasks"]) == ["fill-mask", "text-classification"]  # type: ignore[call-overload]
    assert not (package / "src/hf_bert/tasks/token_classification.py").exists()


def test_further_names_of_handlers_survive_updates_and_new_platforms(
    template: Path, package: Path
) -> None:
    add_handler_names(package, "hf_bert", {"ours": "fill-mask", "theirs": "fill-mask"})
    git(package, "commit", "--quiet", "--all", "--message", "names")
    hook = [sys.executable, str(template / "hooks/insert_handlers.py"), str(package)]
    subprocess.run([*hook, "--add", "xpu"], check=True)
    git(package, "add", "--all")
    git(package, "commit", "--quiet", "--message", "xpu")
    update(package, primary_task="token-classification")
    facts = entry_of(package)["tasks"]["fill-mask"]  # type: ignore[index]
    assert facts["further_handler_names"] == ["ours", "theirs"] and facts["note"] == "Newer."
    code = (
        "from hf_bert import hf_bert as bert;"
        "bert.create_xpu_ours_endpoint_handler, bert.create_cpu_theirs_endpoint_handler"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=package / "src")
    assert kept(package)


@pytest.mark.parametrize(
    ("data", "output"),
    [
        ({"package_name": "hf_other"}, "which an update cannot rename"),
        ({"profile": "basic"}, "may contain your edits"),
        ({"model_type": "brt"}, "neither a model type"),
        ({"platforms": ["abacus"]}, "abacus is not one of the platforms"),
    ],
)
def test_what_an_update_cannot_do_is_refused(
    package: Path, data: dict[str, object], output: str
) -> None:
    with pytest.raises(UserMessageError, match=output):
        update(package, **data)
    assert git(package, "status", "--porcelain") == ""
    assert kept(package)


def test_a_recopy_without_a_platform_leaves_no_module_of_it(
    package: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    cuda = package / "src/hf_bert/platforms/cuda"
    (package / "src/hf_bert/tasks/token_classification.py").write_text("OURS = 1\n")
    git(package, "commit", "--quiet", "--all", "--message", "more of ours")
    options = {"defaults": True, "overwrite": True, "quiet": True, "unsafe": True}
    data = {"platforms": ["cpu"], "tasks": ["fill-mask"]}
    copier.run_recopy(package, data=data, **options)
    assert not cuda.exists()
    assert list(entry_of(package)["platforms"]) == ["cpu"]  # type: ignore[call-overload]
    assert (package / "src/hf_bert/tasks/token_classification.py").read_text() == "OURS = 1\n"
    assert "src/hf_bert/tasks/token_classification.py" in capfd.readouterr().err


def test_a_shallow_clone_of_the_template_is_a_template(
    template: Path, made: Path, tmp_path: Path
) -> None:
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{template}", str(shallow))
    data = {"model_type": "bert", "profile": "basic"}
    options = {"defaults": True, "quiet": True, "unsafe": True}
    package = tmp_path / "package"
    copier.run_copy(str(shallow), package, data=data, vcs_ref="HEAD", **options)
    answers = yaml.safe_load((package / ".copier-answers.yml").read_text())
    assert answers["_commit"] and answers["_src_path"] == str(shallow)
    git(package, "init", "--quiet")
    git(package, "add", "--all")
    git(package, "commit", "--quiet", "--message", "ours")
    update(package)
    assert git(package, "status", "--porcelain") == ""


def test_a_template_with_uncommitted_changes_gives_packages_that_can_be_updated(
    template: Path, made: Path, tmp_path: Path
) -> None:
    dirty = tmp_path / "dirty"
    git(tmp_path, "clone", "--quiet", str(template), str(dirty))
    readme = dirty / "template/basic/README.md.jinja"
    readme.write_text(readme.read_text() + "\nDraft.\n")
    data = {"model_type": "bert", "profile": "basic"}
    options = {"defaults": True, "quiet": True, "unsafe": True}
    package = tmp_path / "package"
    copier.run_copy(str(dirty), package, data=data, vcs_ref="HEAD", **options)
    assert "Draft." in (package / "README.md").read_text()
    answers = yaml.safe_load((package / ".copier-answers.yml").read_text())
    assert answers["_commit"] == git(dirty, "describe", "--tags", "--always").strip()
    git(package, "init", "--quiet")
    git(package, "add", "--all")
    git(package, "commit", "--quiet", "--message", "ours")
    update(package)
