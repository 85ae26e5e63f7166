"""`copier copy` as a person uses it: questions, refusals, defaults."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pexpect
import pytest
import yaml
from conftest import ROOT, file_bytes

COPY = [sys.executable, "-m", "copier", "copy", "--trust"]


def copy(template: Path, target: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run `copier copy` without questions, from inside the template."""
    command = [*COPY, "--defaults", "--quiet", *options, ".", str(target)]
    return subprocess.run(command, cwd=template, capture_output=True, text=True)


def answers_of(package: Path) -> dict[str, object]:
    """What a package's answers file says."""
    answers: dict[str, object] = yaml.safe_load((package / ".copier-answers.yml").read_text())
    return answers


def test_a_model_type_is_all_that_is_needed(template_repository: Path, tmp_path: Path) -> None:
    finished = copy(template_repository, tmp_path / "hf_bert", "-d", "model_type=bert")
    assert finished.returncode == 0, finished.stderr
    answers = answers_of(tmp_path / "hf_bert")
    assert answers["tasks"][0] == "fill-mask"  # type: ignore[index]
    assert answers["checkpoint"] == "google-bert/bert-base-uncased"
    assert answers["profile"] == "improved"
    assert "entry" not in answers and "batch_origin" not in answers


@pytest.mark.parametrize(("misspelt", "meant"), [("whispr", "whisper"), ("brt", "bert")])
def test_misspelt_model_type_is_refused_with_near_matches(
    template_repository: Path, tmp_path: Path, misspelt: str, meant: str
) -> None:
    finished = copy(template_repository, tmp_path / "out", "-d", f"model_type={misspelt}")
    assert finished.returncode != 0
    near = finished.stderr.split("Near matches:")[1]
    assert misspelt in finished.stderr and meant in near
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "answer", ["tasks=[image-classification]", "platforms=[abacus]", "package_name=Bert Model"]
)
def test_impossible_answers_are_refused(
    template_repository: Path, tmp_path: Path, answer: str
) -> None:
    finished = copy(template_repository, tmp_path / "out", "-d", "model_type=bert", "-d", answer)
    assert finished.returncode != 0
    assert not (tmp_path / "out").exists()


def test_without_trust_nothing_is_written(template_repository: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "copier", "copy", "--defaults", "-d", "model_type=bert"]
    finished = subprocess.run(
        [*command, ".", str(tmp_path / "out")], cwd=template_repository, capture_output=True
    )
    assert finished.returncode == 4
    assert not (tmp_path / "out").exists()


def test_a_failing_hook_leaves_no_package(template_repository: Path, tmp_path: Path) -> None:
    copy_of_template = tmp_path / "template"
    subprocess.run(
        ["git", "clone", "--quiet", str(template_repository), str(copy_of_template)], check=True
    )
    hook = copy_of_template / "hooks" / "validate_package.py"
    hook.write_text("raise SystemExit('broken on purpose')\n")
    finished = copy(
        copy_of_template, tmp_path / "out", "--vcs-ref", "HEAD", "-d", "model_type=bert"
    )
    assert finished.returncode != 0
    assert not (tmp_path / "out").exists()


def test_questions_are_asked_in_order(template_repository: Path, tmp_path: Path) -> None:
    target = tmp_path / "hf_vit"
    terminal = pexpect.spawn(
        COPY[0],
        [*COPY[1:], ".", str(target)],
        cwd=str(template_repository),
        timeout=60,
        encoding="utf-8",
        dimensions=(50, 160),
    )
    terminal.expect("Model type")
    terminal.send("vit\r")
    terminal.expect("Tasks")
    terminal.expect("image-classification")
    terminal.send("\r")
    terminal.expect("Platforms")
    terminal.send("\r")
    terminal.expect("Default checkpoint")
    terminal.send("\r")
    terminal.expect("How much the package contains")
    terminal.send("\r")
    for question in ("Package name", "common code", "Licence", "Author"):
        terminal.expect(question)
        terminal.send("\r")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0
    assert answers_of(target)["model_type"] == "vit"
    assert (target / "src" / "hf_vit" / "skillset.py").is_file()


def test_the_batch_gives_the_same_bytes(template_repository: Path, tmp_path: Path) -> None:
    """The batch of that template, with its own registry, in a process of its own."""
    copy(template_repository, tmp_path / "hf_bert", "-d", "model_type=bert")
    code = (
        "import sys; from pathlib import Path; from hf_skillset_templates.batch import package;"
        "from hf_skillset_templates.batch.origin import template_origin;"
        "package.ROOT = Path(sys.argv[1]);"
        "origin = template_origin(package.ROOT);"
        "job = package.PackageJob('bert', 'hf_bert', sys.argv[2], {}, origin);"
        "outcome = package.generate_package(job); sys.exit(outcome.error or None)"
    )
    batch = tmp_path / "batch"
    subprocess.run(
        [sys.executable, "-c", code, str(template_repository), str(batch)], check=True, cwd=ROOT
    )
    assert file_bytes(batch / "hf_bert") == file_bytes(tmp_path / "hf_bert")
