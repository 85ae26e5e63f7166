"""Every command: wrong usage is one sentence and exit code 2, before any work is done."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from conftest import ROOT, script

from hf_skillset_templates import command_line

SCRIPTS = sorted(
    path.stem
    for path in (ROOT / "scripts").glob("*.py")
    if "command_line.run(" in path.read_text("utf-8")
)


class Outcome(NamedTuple):
    """What a command did."""

    code: int
    out: str
    err: str


Command = Callable[..., Outcome]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run a script in this process."""

    def run(name: str, *arguments: object) -> Outcome:
        module = script(name)
        code = command_line.outcome(module.main, module.EXAMPLES, [*map(str, arguments)])
        return Outcome(code, *capsys.readouterr())

    return run


def refused(outcome: Outcome, *words: str) -> bool:
    """Exit code 2 and one line on stderr that holds `words`, nothing on stdout."""
    (line,) = outcome.err.splitlines()
    return outcome.code == 2 and outcome.out == "" and all(word in line for word in words)


@pytest.fixture
def generated(tmp_path: Path) -> Path:
    """A folder with one package, as far as batch_test and batch_update look before they work."""
    folder = tmp_path / "generated"
    source = folder / "hf_bert" / "src" / "hf_bert"
    source.mkdir(parents=True)
    (folder / "hf_bert" / ".copier-answers.yml").write_text("package_name: hf_bert\n")
    (source / "registry.json").write_text('{"model_type": "bert", "tasks": {"fill-mask": {}}}')
    return folder


@pytest.mark.parametrize("name", SCRIPTS)
def test_help_has_examples_that_name_the_command(name: str, command: Command) -> None:
    shown = command(name, "--help")
    assert shown.code == 0
    examples = shown.out.split("Examples:")[1]
    assert f"python scripts/{name}.py" in examples
    assert "--install-completion" in shown.out


def test_the_shell_completes_options() -> None:
    environment = {**os.environ, "_BATCH_GENERATE.PY_COMPLETE": "complete_bash"}
    environment |= {"COMP_WORDS": "batch_generate.py --plat", "COMP_CWORD": "1"}
    finished = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "batch_generate.py")],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert "--platforms" in finished.stdout


@pytest.mark.parametrize(
    ("name", "typed", "offered", "not_offered"),
    [
        ("batch_generate", "--model whisp", ["whisper"], ["bert"]),
        ("batch_generate", "--platforms cpu,op", ["cpu,openvino"], ["cpu,cuda"]),
        ("batch_generate", "--profile ", ["basic", "improved"], []),
        ("batch_test", "--task fill-mask,fi", [], ["fill-mask,fill-mask"]),
        ("batch_test", "--platform ", ["cpu", "qualcomm"], []),
        ("check_skillset", "--model-type ber", ["bert"], []),
        ("export_registry", "--model gpt", ["gpt2"], []),
    ],
)
def test_the_shell_completes_values(
    name: str, typed: str, offered: list[str], not_offered: list[str]
) -> None:
    words = [f"{name}.py", *typed.split(" ")]
    environment = {**os.environ, f"_{name.upper()}.PY_COMPLETE": "complete_bash"}
    environment |= {"COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)}
    script_file = str(ROOT / "scripts" / f"{name}.py")
    finished = subprocess.run(
        [sys.executable, script_file], env=environment, capture_output=True, text=True
    )
    result = finished.stdout.split()
    assert set(offered) <= set(result) and not set(not_offered) & set(result), finished.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--model", "~nosuchuser"], ["~nosuchuser"]),
        (["--model", "a" * 300], ["neither a model type"]),
        (["--model", "org/" + "a" * 5000], ["neither a model type"]),
        (["--model", "a\0b"], ["neither a model type"]),
        (["--model", ""], ["neither a model type"]),
        (["--model", "bert,,gpt2"], ["neither a model type"]),
        (["--sample", "--output-dir", ""], ["empty"]),
        (["--sample", "--output-dir", "{file}"], ["is a file"]),
        (["--sample", "--output-dir", "{file}/below"], ["is a file"]),
        (["--sample", "--output-dir", "/proc/x"], ["/proc"]),
        (["--sample", "--output-dir", "{folder}/" + "a" * 300], ["not a valid path"]),
        (["--sample", "--profile", "nope"], ["profile", "improved"]),
        (["--sample", "--platforms", "openvino"], ["cpu"]),
        (["--sample", "--platforms", "cpu,,openvino"], ["empty"]),
        (["--sample", "--platforms", "cpu,abacus"], ["abacus"]),
        (["--sample", "--jobs", "0"], ["--jobs"]),
        (["--sample", "--task", "fill-masks"], ["fill-masks"]),
        (["--skillset-dir", "/missing"], ["/missing"]),
        (["--modle", "bert"], ["--modle", "--model"]),
    ],
)
def test_batch_generate_refuses_before_any_work(
    arguments: list[str], words: list[str], command: Command, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    given = [word.format(file=tmp_path / "file", folder=tmp_path) for word in arguments]
    if "--output-dir" not in given:
        given += ["--output-dir", str(tmp_path / "out")]
    for more in ([], ["--dry-run"]):
        assert refused(command("batch_generate", *given, *more), *words)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    "config",
    ['{"model_type": ["bert"]}', '{"model_type": 7}', "[" * 100_000, f'{{"a": {"9" * 5000}}}'],
)
def test_a_hostile_config_is_refused(config: str, command: Command, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(config)
    assert refused(command("batch_generate", "--model", tmp_path, "--dry-run"), "config.json")


def test_platforms_may_have_spaces(command: Command, tmp_path: Path) -> None:
    options = ["--model", "bert", "--platforms", "cpu, openvino", "--dry-run"]
    assert command("batch_generate", *options, "--output-dir", tmp_path).code == 0


def test_a_dry_run_prints_json(command: Command, tmp_path: Path) -> None:
    options = ["--model", "bert, gpt2", "--dry-run", "--json", "--output-dir", tmp_path]
    plan = json.loads(command("batch_generate", *options).out)
    assert plan["requested"] == 2
    assert [each["model_type"] for each in plan["would_generate"]] == ["bert", "gpt2"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--task", "nope"], ["nope", "fill-mask"]),
        (["--platform", "nope"], ["nope", "cpu"]),
        (["--timeout", "-5"], ["-5", "seconds"]),
        (["--timeout", "nan"], ["nan", "seconds"]),
        (["--only", "hf_nope"], ["hf_nope"]),
        (["--only", "hf_brt"], ["hf_brt", "hf_bert"]),
        (["--exclude", "hf_brt"], ["hf_brt", "hf_bert"]),
        (["--modality", "smell"], ["smell", "audio"]),
        (["--shard", "3/2"], ["3/2", "I/N"]),
        (["--failed-in", "/missing"], ["/missing"]),
        (["--run", "{folder}"], ["was not changed"]),
        (["--memory", "1"], ["--memory", "256"]),
    ],
)
def test_batch_test_refuses_before_any_work(
    arguments: list[str], words: list[str], command: Command, generated: Path
) -> None:
    given = [word.format(folder=generated) for word in arguments]
    assert refused(command("batch_test", generated, *given), *words)
    assert sorted(path.name for path in generated.iterdir()) == ["hf_bert"]


def test_batch_test_without_a_fitting_cell_is_no_success(command: Command, generated: Path) -> None:
    finished = command("batch_test", generated, "--task", "image-classification")
    assert finished.code == 5
    assert "no cell matches" in finished.err


@pytest.mark.parametrize("name", ["batch_test", "batch_update"])
def test_a_folder_that_is_not_there_is_refused(name: str, command: Command) -> None:
    assert refused(command(name, "/missing"), "/missing")


def test_results_that_are_not_there_are_refused(command: Command, tmp_path: Path) -> None:
    assert refused(command("record_results", tmp_path / "none.jsonl"), "none.jsonl")


def test_the_export_splits_names_and_refuses_what_is_none(command: Command) -> None:
    exported = command("export_registry", "--format", "json", "--model", "bert,gpt2")
    assert list(json.loads(exported.out)) == ["bert", "gpt2"]
    assert refused(command("export_registry", "--model", "bertt"), "similar names: bert")
    taken = command("export_registry", "--format", "json", "--model", "bert-base-uncased")
    assert "resolves to bert" in taken.err


def test_an_error_in_a_log_is_one_line_at_any_width(tmp_path: Path) -> None:
    finished = subprocess.run(
        [sys.executable, ROOT / "scripts" / "batch_generate.py", "--task", "fill-masks"],
        env={**os.environ, "COLUMNS": "40"},
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    (line,) = finished.stderr.splitlines()
    assert len(line) > 80 and finished.returncode == 2


def test_an_unknown_stage_of_the_registry_is_refused(command: Command) -> None:
    assert refused(command("build_registry", "--stage", "nope"), "nope", "shapes")
    assert refused(command("build_registry"), "--model")
