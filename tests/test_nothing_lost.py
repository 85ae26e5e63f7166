"""What is a person's stays as it is: their repository, folders and files; two batches at once."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from conftest import ROOT, git

from hf_skillset_templates.batch.lock import locked
from hf_skillset_templates.batch.origin import find_origin
from hf_skillset_templates.batch.package import PackageJob, PackageOutcome, generate_package
from hf_skillset_templates.batch.run import JOURNAL, OUTCOME, read_journal, run_jobs
from hf_skillset_templates.batch.staging import MARKER, require_ours
from hf_skillset_templates.batch.update import require_committed
from hf_skillset_templates.errors import UsageError
from hf_skillset_templates.git import environment, local_variables
from hf_skillset_templates.results import lines


def job(output_dir: Path, model_type: str = "bert", **answers: object) -> PackageJob:
    """A small job: the profile basic."""
    given = {"profile": "basic", **answers}
    return PackageJob(model_type, f"hf_{model_type}", str(output_dir), given)


def generate(*jobs: PackageJob, **options: bool) -> list[PackageOutcome]:
    """Run jobs that share a folder."""
    folder = Path(jobs[0].output_dir)
    choices = {"force": False, "resume": False, **options}
    return run_jobs(list(jobs), folder, workers=1, report=lambda outcome: None, **choices)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A person's repository with one commit."""
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "work.txt").write_text("work\n")
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "work")
    return folder


def test_no_git_variable_of_another_repository_is_passed_on(
    monkeypatch: pytest.MonkeyPatch, repository: Path
) -> None:
    assert {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"} <= set(local_variables())
    monkeypatch.setenv("GIT_DIR", str(repository / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(repository / ".git" / "index"))
    assert not {"GIT_DIR", "GIT_INDEX_FILE"} & set(environment(os.environ))
    assert find_origin(ROOT).answers["_src_path"] == str(ROOT)
    assert find_origin(repository.parent).warning != ""


def test_the_person_s_git_configuration_stays_in_force(
    monkeypatch: pytest.MonkeyPatch, repository: Path, tmp_path: Path
) -> None:
    (tmp_path / "ignored").write_text(".DS_Store\n")
    (tmp_path / "gitconfig").write_text(f"[core]\n\texcludesFile = {tmp_path / 'ignored'}\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    (repository / ".DS_Store").touch()
    require_committed(repository)
    (repository / "new.txt").touch()
    with pytest.raises(UsageError, match="uncommitted"):
        require_committed(repository)


def test_a_person_s_staging_folder_is_refused_and_kept(tmp_path: Path) -> None:
    mine = tmp_path / ".staging" / "notes.txt"
    mine.parent.mkdir()
    mine.write_text("mine")
    with pytest.raises(UsageError, match="was not changed"):
        generate(job(tmp_path))
    assert mine.read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == [".staging"]


def test_a_link_named_staging_is_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / MARKER).touch()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".staging").symlink_to(elsewhere)
    with pytest.raises(UsageError):
        require_ours(tmp_path / "out")


def test_a_file_named_like_the_journal_is_kept(tmp_path: Path) -> None:
    (tmp_path / JOURNAL).write_text("my notes\n")
    with pytest.raises(UsageError, match="was not changed"):
        generate(job(tmp_path))
    assert (tmp_path / JOURNAL).read_text() == "my notes\n"


@pytest.mark.parametrize("kind", ["folder", "repository", "link"])
def test_force_replaces_generated_packages_alone(tmp_path: Path, kind: str) -> None:
    target = tmp_path / "hf_bert"
    if kind == "link":
        (tmp_path / "elsewhere").mkdir()
        target.symlink_to(tmp_path / "elsewhere")
    else:
        target.mkdir()
    (target / "mine.txt").write_text("mine")
    if kind == "repository":
        (target / ".copier-answers.yml").touch()
        git(target, "init", "--quiet")
    (outcome,) = generate(job(tmp_path), force=True)
    assert (outcome.status, outcome.stage) == ("failed", "publish")
    assert (target / "mine.txt").read_text() == "mine"
    assert not (tmp_path / ".staging").exists()


@pytest.mark.parametrize("case", ["archive", "vendored", "owner"])
def test_a_template_that_is_no_checkout_of_its_own_is_told(
    tmp_path: Path, repository: Path, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "archive" if case == "archive" else repository / "vendor"
    root.mkdir()
    if case == "owner":
        git(root, "init", "--quiet")
        monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    origin = find_origin(root)
    assert origin.answers == {"_src_path": str(root)}
    assert "not the root of a git checkout" in origin.warning and "\n" not in origin.warning


def test_the_answers_say_that_no_update_is_possible(tmp_path: Path) -> None:
    (outcome,) = generate(job(tmp_path))
    assert outcome.status == "generated"
    answers = (tmp_path / "hf_bert" / ".copier-answers.yml").read_text()
    assert "has no version of the template" in answers


def test_a_template_with_changes_is_told(repository: Path) -> None:
    assert find_origin(repository).warning == ""
    (repository / "work.txt").write_text("changed\n")
    assert "uncommitted changes" in find_origin(repository).warning


def test_a_second_batch_is_told_who_is_at_work(tmp_path: Path) -> None:
    (tmp_path / ".staging").mkdir()
    (tmp_path / ".staging" / MARKER).touch()
    with locked(tmp_path / ".staging" / "lock"):
        code = (
            "import sys; from pathlib import Path;"
            "from hf_skillset_templates.batch.staging import staging_of;"
            "staging_of(Path(sys.argv[1])).__enter__()"
        )
        second = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True
        )
        assert f"process {os.getpid()} on " in second.stderr
    generate(job(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["hf_bert"]


def test_of_many_batches_at_once_one_works(tmp_path: Path) -> None:
    at_work, most, refused = [0], [0], [0]

    def work() -> None:
        for _ in range(50):
            try:
                with locked(tmp_path / "lock"):
                    at_work[0] += 1
                    most[0] = max(most[0], at_work[0])
                    time.sleep(0.001)
                    at_work[0] -= 1
            except UsageError:
                refused[0] += 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most[0] == 1 and refused[0] > 0
    assert list(tmp_path.iterdir()) == []


HOSTILE = [
    b"{}",
    b"1",
    b"null",
    b'"text"',
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"model_type": "../../etc", "status": "generated"}',
    b'{"model_type": 7, "status": "generated"}',
    b'{"model_type": "bert", "status": 7}',
    b'{"model_type": "bert", "status"',
]


def test_hostile_lines_of_a_journal_are_left_aside(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = b'{"model_type": "bert", "status": "generated"}'
    journal = tmp_path / JOURNAL
    journal.write_bytes(b"\n".join([*HOSTILE, good, *HOSTILE]) + b"\n")
    assert read_journal(journal, {}) == {"bert"}
    assert f"{2 * len(HOSTILE)} lines" in capsys.readouterr().err


def test_a_torn_line_does_not_swallow_the_next(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    path.write_bytes(b'{"model_type": "be')
    lines.append(path, [{"model_type": "bert", "status": "generated", "seconds": float("nan")}])
    result = lines.read_lines(path, OUTCOME)
    assert result.skipped == 1
    assert result.records == [{"model_type": "bert", "status": "generated", "seconds": None}]


def test_a_resumed_run_with_other_answers_makes_the_package_again(tmp_path: Path) -> None:
    first = job(tmp_path)
    generate(first)
    line = {"model_type": "bert", "status": "generated", "key": first.key}
    (tmp_path / JOURNAL).write_text(json.dumps(line) + "\n")
    (same,) = generate(first, force=True, resume=True)
    (tmp_path / JOURNAL).write_text(json.dumps(line) + "\n")
    (other,) = generate(job(tmp_path, license="MIT"), force=True, resume=True)
    assert (same.status, other.status) == ("skipped", "generated")


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_files_have_the_same_modes_under_any_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        outcome = generate_package(job(tmp_path, profile="template", tasks=["fill-mask"]))
    finally:
        os.umask(before)
    assert outcome.status == "generated"
    files = [path for path in (tmp_path / "hf_bert").rglob("*") if path.is_file()]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o644}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_workers_end_with_a_killed_batch(tmp_path: Path) -> None:
    command = [sys.executable, ROOT / "scripts" / "batch_generate.py", "--modality", "text"]
    batch = subprocess.Popen(
        [*command, "--jobs", "2", "--output-dir", tmp_path],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: len(list(tmp_path.glob("hf_*"))) >= 1)
        workers = descendants(batch.pid)
    finally:
        batch.send_signal(signal.SIGKILL)
        batch.wait()
    assert len(workers) >= 2
    wait_until(lambda: not any(map(runs, workers)))


def wait_until(holds: object) -> None:
    """Wait at most a minute."""
    deadline = time.monotonic() + 60
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.05)


def descendants(process: int) -> set[int]:
    """The processes below one, by /proc or ps."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True).stdout
    parents = dict(tuple(map(int, line.split())) for line in listed.splitlines())
    result: set[int] = set()
    while more := {pid for pid, parent in parents.items() if parent in {process, *result}} - result:
        result |= more
    return result


def runs(process: int) -> bool:
    """Whether a process is there and no zombie."""
    with contextlib.suppress(OSError, IndexError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False
