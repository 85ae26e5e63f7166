"""Wrong usages of every command: exit code 2, one sentence on stderr, nothing written."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, script

from hf_skillset_templates import command_line

LONG = "a" * 300
NUL = "a\0b"
WRONG = {
    "batch_generate": (
        *("", "more", "--nope", "--spread -1", "--spread x", "--model {empty}", "--model {file}"),
        *("--sample --modality smell", "--sample --modality ''", "--sample --task ''"),
        *("--skillset-dir {empty}", "--skillset-dir ''", "--skillset-dir {file}"),
        *("--sample --platforms ''", f"--model bert --output-dir {{folder}}/{NUL}"),
    ),
    "batch_test": (
        *("{empty}", "{file}", "{missing}", "{packages} more", "{packages} --jobs 0"),
        *("{packages} --platform ''", "{packages} --task ''", "{packages} --only ''"),
        *("{packages} --shard 0/2", "{packages} --shard x", "{packages} --shard 1/0"),
        *("{packages} --failed-in {file}", "{packages} --failed-in {empty}"),
        *("{packages} --scheduler ''", "{packages} --scheduler nope"),
        *("{packages} --run ''", "{packages} --run {file}", "{packages} --run /proc/x"),
        *("{packages} --timeout 0", "{packages} --timeout inf", "{packages} --memory x"),
        *("{packages} --generate --model x", "{packages} --modality ''"),
    ),
    "batch_update": (
        *("", "{empty}", "{file}", "{packages} more", "{packages} --only hf_nope", "''", NUL),
        *("{packages} --only hf_bert,,x", "{packages} --only ''", "{packages} --jobs 0"),
        *("{packages} --jobs two", "{packages} --vcs-ref", "{packages} --vcs-ref ''"),
        *("{packages} --vcs-ref --upload-pack=x", "{packages} --nope", f"{{packages}}/{LONG}"),
    ),
    "build_docs": ("--chek", "more", "--check x", "--check=1", "''", "--output x", "-c", "- --"),
    "build_registry": (
        *("", "--model nope", "--model ''", "--model ../bert", "--model bert more"),
        *("--model bert --stage ''", "--model bert --stage facts,nope", "--all --model nope"),
        *("--model bert --jobs 0", "--model bert --memory 0", "--model bert --timeout 0"),
        *("--model bert --timeout inf", "--model bert --timeout x"),
    ),
    "check_skillset": (
        *("", "{missing}", "{empty}", "{file}", "{module} --model-type nope"),
        *("{module} --platform no/pe", "{module} --task nope", "{module} --dialect nope"),
        *("{module} --json {missing}/x", "{module} --report {missing}/x"),
        *("{module} --json {folder}", "{module} --timeout 0", "{module} --memory 1"),
        *("{module} --run {file}", "{module} --run ''", "{module} --run {packages}"),
        *("{module} --as-template {file}", "{module} --as-template ''"),
    ),
    "compare_results": (
        *("", "registry", "{missing} registry", "registry {empty}", "registry {file}"),
        *("registry registry --output {missing}/x", "registry registry --output {folder}"),
        *("registry registry x", "registry ''", "{lines} registry"),
    ),
    "export_registry": (
        *("--format nope", "--format ''", "--model nope", "--model ''", "--model bert,,vit"),
        *("--model ../bert", f"--model {LONG}", "bert", "--modle bert"),
    ),
    "export_results": (
        *("", "{missing}", "{empty}", "{file}", "{run} --format nope", "{run} --format ''"),
        *("{run} --output {missing}/x", "{run} --output {folder}", "{run} --output ''"),
        *("{broken}", NUL),
    ),
    "follow_release": (
        *("", "5", "v5.24.0", "../5.24.0", "--option=x", "''", "5.24.0 more", f"5.{LONG}"),
        *("5.24.0 --only ''", "5.24.0 --only bert,,vit", "5.24.0 --jobs 0", "5.24.0 --work ''"),
        *("5.24.0 --work {file}", "5.24.0 --python {missing}", "5.24.0 --python {file}"),
    ),
    "merge_results": (
        *("", "{missing}", "{empty}", "{file}", "{run} {missing} --run {folder}/new"),
        *("{run} --run {packages}", "{run} --run {file}", "{run} --run ''", "{run} --run /proc/x"),
        *("{broken} --run {folder}/new", "{run} --nope", NUL),
    ),
    "oldest_release": (
        *("", "bert", "--model nope", "--model ''", "--model bert,,vit", "--spread -1"),
        *("--model bert --release 5", "--model bert --release ''", "--model bert --jobs 0"),
        *("--model bert --work ''", "--model bert --work {file}", "--spread x"),
    ),
    "record_results": (
        *("", "{missing}", "{empty}", "{folder}", "''", NUL, "{file} more", "--nope {file}"),
        f"{{folder}}/{LONG}",
    ),
    "report": (
        *("{missing}", "{empty}", "{file}", "registry --baseline {missing}", "''", NUL),
        *("registry --baseline {empty}", "registry --output {folder}", "registry --output ''"),
        *("registry more", "registry --output /proc/x"),
    ),
    "update_summary": (
        *("", "{missing}", "{folder}", "{file}", "{lines}", "{list}", "{nul}", "{hostile}"),
        *("''", "{file} more", NUL),
    ),
    "write_shims": (
        *("", "{file}", "{file}/x", "''", "{folder}/out --packages {missing}"),
        *("{folder}/out --packages {empty}", "{folder}/out --packages {packages} --only nope"),
        *("{folder}/out --packages {packages} --only ''", "/proc/x --packages {packages}"),
        f"{NUL} --packages {{packages}}",
    ),
}
CASES = [(name, case) for name, cases in WRONG.items() for case in cases]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files and folders that the cases name; none of them may change."""
    folder = tmp_path_factory.mktemp("wrong")
    for name in ("empty", "folder", "run", "broken"):
        (folder / name).mkdir()
    for name, content in {
        "file": b"x",
        "lines": b'{"a": 1}\n',
        "list": b"[1]",
        "nul": b"\0\xff",
        "hostile": b'{"packages": [{"status": "updated"}]}',
        "run/results.jsonl": b"",
        "broken/results.jsonl": b"\xff{}\n",
        "broken/run.json": b"{",
    }.items():
        (folder / name).write_bytes(content)
    source = folder / "packages" / "hf_bert" / "src" / "hf_bert"
    source.mkdir(parents=True)
    (folder / "packages/hf_bert/.copier-answers.yml").write_text("package_name: hf_bert\n")
    (source / "registry.json").write_text('{"model_type": "bert", "tasks": {"fill-mask": {}}}')
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "tests/reference_modules", folder / "modules", ignore=ignored)
    (folder / "module").symlink_to(folder / "modules" / "hf_bert.py")
    return folder


def content(folder: Path) -> dict[str, bytes]:
    """What is in a folder."""
    return {str(path): path.read_bytes() if path.is_file() else b"" for path in folder.rglob("*")}


@pytest.mark.parametrize(("name", "case"), CASES, ids=[f"{n} {c[:60]!r}" for n, c in CASES])
def test_wrong_usage_is_one_sentence(
    name: str,
    case: str,
    made: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    places = {path.name: str(path) for path in made.iterdir()}
    places |= {"missing": str(made / "missing"), "module": str(made / "modules" / "hf_bert.py")}
    words = ["" if word == "''" else word.format(**places) for word in case.split(" ") if word]
    before = content(made)
    monkeypatch.chdir(tmp_path)
    module = script(name)
    code = command_line.outcome(module.main, module.EXAMPLES, words)
    output = capsys.readouterr()
    assert code == 2, output
    (line,) = output.err.splitlines()
    assert line and output.out == "" and "Traceback" not in line
    assert len(line) < 2000  # the names of all tasks
    assert content(made) == before and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "words", [[], ["one"], ["/missing", "x"], [".", "/missing/x"], [".", "x", "y"]]
)
def test_a_script_outside_of_our_environment_is_as_strict(words: list[str]) -> None:
    command = [sys.executable, str(ROOT / "scripts/record_question_answering.py"), *words]
    finished = subprocess.run(command, capture_output=True, text=True)
    assert finished.returncode == 2 and len(finished.stderr.splitlines()) == 1


def test_every_command_has_at_least_eight_wrong_usages() -> None:
    commands = {
        path.stem
        for path in (ROOT / "scripts").glob("*.py")
        if "command_line.run(" in path.read_text("utf-8")
    }
    assert commands == set(WRONG)
    assert all(len(cases) >= 8 for cases in WRONG.values())
