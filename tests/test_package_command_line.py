"""`python -m hf_<model_type>`: wrong usage is one line on stderr, before any test runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hf_skillset_runtime.command_line import main
from hf_skillset_templates.source_skillset import source_skillset


@pytest.fixture(scope="module")
def skillset() -> Any:
    """The skillset of a model type, on its sources."""
    return source_skillset("bert", ("cpu", "cuda"))()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--json", "/missing/records.json", "--model", "/nowhere"], "/missing/records.json"),
        (["--json", "{folder}", "--model", "/nowhere"], "is a folder"),
        (["--hardware", "--json", "/missing/x"], "/missing/x"),
        (["--export", "cuda", "--model", "/nowhere", "--output", "{folder}/out"], "cuda"),
        (["--export", "cpu", "--model", "/nowhere", "--output", "{folder}/out"], "exports nothing"),
        (["--export", "cpu", "--model", "/nowhere"], "--output"),
        (["--export", "cpu", "--model", "/nowhere", "--output", "{folder}/file"], "is a file"),
        (["--platform", "abacus"], "abacus"),
        (["--task", "nope"], "nope"),
        (["--install", "abacus"], "abacus"),
        (["--nope"], "--nope"),
    ],
)
def test_wrong_usage_is_one_line(
    skillset: Any,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    words: str,
) -> None:
    (tmp_path / "file").touch()
    code = main(skillset, [word.format(folder=tmp_path) for word in arguments])
    said = capsys.readouterr()
    (line,) = said.err.splitlines()
    assert (code, said.out) == (2, "")
    assert words in line


def test_the_hardware_is_written_to_a_file(
    skillset: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(skillset, ["--hardware", "--json", str(tmp_path / "hardware.json")]) == 0
    assert capsys.readouterr().out == ""
    found = json.loads((tmp_path / "hardware.json").read_text())
    assert found["cpu"]["available"] is True
    assert main(skillset, ["--hardware", "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out) == found


def test_help_has_examples(skillset: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(skillset, ["--help"])
    assert "python -m hardware --hardware --json -" in capsys.readouterr().out
