"""Drills: what happens when runs are killed, disks fill, files are corrupt and jobs go wrong.

A small version runs with the other tests; `make drills` runs all of it (`DRILLS=full`).
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import ROOT, file_bytes, in_own_mounts, summary_of
from hypothesis import given, settings
from hypothesis import strategies as st

from hf_skillset_templates import isolation
from hf_skillset_templates.batch.run import OUTCOME
from hf_skillset_templates.isolation import Limits
from hf_skillset_templates.registry.resolve import UnknownModelError, resolve
from hf_skillset_templates.registry.store.model_types import model_types
from hf_skillset_templates.results.lines import append, read_lines
from hf_skillset_templates.results.records import RESULT

FULL = os.environ.get("DRILLS") == "full"
KILLS = 40 if FULL else 2
NAMES = 1000 if FULL else 150
LINES = 500 if FULL else 60
DISK_SIZES_KIB = (100, 400, 700, 1000, 1500, 2000, 3000, 4000) if FULL else (700,)
PAIRS = 10 if FULL else 2
MODELS = "bert,gpt2,vit,t5,llama,clip,whisper,bart"
BATCH = [sys.executable, str(ROOT / "scripts" / "batch_generate.py"), "--model", MODELS]
BATCH += ["--profile", "template", "--platforms", "cpu", "--jobs", "2"]
posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")


def batch(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run a batch to its end."""
    command = [*BATCH, "--output-dir", str(folder), *options]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, bytes], float]:
    """What an undisturbed run makes, and how many seconds it takes."""
    folder = tmp_path_factory.mktemp("reference") / "out"
    started = time.monotonic()
    assert batch(folder).returncode == 0
    return file_bytes(folder), time.monotonic() - started


@posix
def test_killed_runs_are_gone_on_with_to_the_same_bytes(
    reference: tuple[dict[str, bytes], float], tmp_path: Path
) -> None:
    expected, seconds = reference
    chance, folder = random.Random(14), tmp_path / "out"
    for _ in range(KILLS):
        running = subprocess.Popen(
            [*BATCH, "--output-dir", str(folder), "--resume"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(chance.uniform(0.3, 1.0) * min(seconds, 1 + seconds * 4 / KILLS))
        running.kill()
        running.wait()
        for package in folder.glob("hf_*"):
            assert (package / ".copier-answers.yml").is_file()
            assert (package / "src" / package.name / "registry.json").is_file()
    finished = batch(folder, "--resume")
    assert finished.returncode == 0, finished.stderr
    assert file_bytes(folder) == expected


@posix
def test_an_interrupted_run_says_how_to_go_on(tmp_path: Path) -> None:
    running = subprocess.Popen(
        [*BATCH, "--output-dir", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell starts what runs in the background deaf to it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob("hf_*")) and time.monotonic() < deadline:
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    _, output = running.communicate(timeout=120)
    assert running.returncode == 130 and "--resume" in output and "Traceback" not in output


ON_A_SMALL_DISK = """
mount -t tmpfs -o size={size}k tmpfs {folder} || exit 99
{command} --json; code=$?
for package in {folder}/hf_*; do
  [ -e "$package" ] || continue
  [ -f "$package/.copier-answers.yml" ] || exit 98
  [ -f "$package/src/$(basename $package)/registry.json" ] || exit 98
done
exit $code
"""


@pytest.mark.parametrize("size", DISK_SIZES_KIB)
def test_a_full_disk_leaves_whole_packages(tmp_path: Path, size: int) -> None:
    command = " ".join([*BATCH, "--output-dir", str(tmp_path)])
    script = ON_A_SMALL_DISK.format(size=size, folder=tmp_path, command=command)
    finished = in_own_mounts(script)
    assert finished.returncode in (0, 1, 2), finished.stdout + finished.stderr
    assert "Traceback" not in finished.stderr
    if finished.returncode == 1:
        assert summary_of(finished)["failed"]


HOSTILE_PARTS = st.one_of(
    st.sampled_from(model_types()),
    st.text(max_size=20),
    st.sampled_from(["/", "-", "_", ".", "..", "~", "\0", "\n", " ", ",", "hf_", "😀", "%s", "{{"]),
)


@settings(max_examples=NAMES, deadline=None, derandomize=True)
@given(st.lists(HOSTILE_PARTS, min_size=1, max_size=5).map("".join))
def test_hostile_names_resolve_to_nothing_that_they_do_not_say(name: str) -> None:
    try:
        result = resolve(name, ask_hub=False)
    except UnknownModelError as error:
        assert "\n" not in str(error)
        return
    letters = "".join(character for character in name.lower() if character.isalnum())
    wanted = "".join(character for character in result.model_type if character.isalnum())
    assert wanted in letters or result.source == "its checkpoint"


def corrupt(line: bytes, chance: random.Random) -> bytes:
    """A line with some of it lost, changed or doubled."""
    at = chance.randrange(len(line))
    kind = chance.randrange(5)
    if kind == 0:
        return line[:at]
    if kind == 1:
        return line[:at] + bytes([chance.randrange(256)]) + line[at + 1 :]
    if kind == 2:
        return line[at:] + line[:at]
    if kind == 3:
        return chance.choice([b"{}", b"1", b"null", b"[]", b'"x"', b"\xff", b"NaN", b"[" * 99_999])
    return line.replace(b"bert", chance.choice([b"../bert", b"/etc/passwd", b"\\u0000", b""]))


@pytest.mark.parametrize("schema", [OUTCOME, RESULT], ids=["journal", "results"])
def test_corrupt_lines_are_counted_and_take_no_other_with_them(
    tmp_path: Path, schema: dict[str, object]
) -> None:
    chance = random.Random(14)
    record = {"model_type": "bert", "task": "fill-mask", "platform": "cpu", "status": "FAILED"}
    record |= {"stage": "run", "detail": "x"}
    if schema is OUTCOME:
        record = {"model_type": "bert", "status": "generated"}
    line = json.dumps(record).encode()
    mixed = [corrupt(line, chance).replace(b"\n", b"") for _ in range(LINES)]
    (tmp_path / "lines").write_bytes(b"".join(each + b"\n" + line + b"\n" for each in mixed))
    append(tmp_path / "lines", [record])
    result = read_lines(tmp_path / "lines", schema)
    assert result.records.count(record) >= LINES + 1
    for each in result.records:
        assert "/" not in str(each["model_type"])
    assert result.skipped > LINES / 3


@posix
def test_of_two_runs_at_once_one_works(tmp_path: Path) -> None:
    for number in range(PAIRS):
        folder = tmp_path / str(number)
        command = [*BATCH, "--output-dir", str(folder), "--json"]
        pair = [
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            for _ in range(2)
        ]
        messages = [process.communicate()[1] for process in pair]
        codes = sorted(process.returncode for process in pair)
        assert codes in ([0, 2], [0, 0]), messages
        if codes == [0, 2]:
            assert any(
                f"process {process.pid} on " in text for process in pair for text in messages
            )
        assert len(list(folder.glob("hf_*"))) == MODELS.count(",") + 1
        assert {path.name for path in folder.iterdir() if not path.name.startswith("hf_")} == set()


JOBS = """
import os, sys, time
def crash(_): os.abort()
def leave(_): os._exit(7)
def leave_well(_): os._exit(0)
def hang(_):
    while True: time.sleep(1)
def hoard(_):
    kept = []
    while True: kept.append(bytearray(64 * 2**20))
def recurse(_): return recurse(_)
def no_json(_): return object()
def exit(_): sys.exit(3)
def print_much(_):
    for _ in range(10_000): print("x" * 1000)
    os._exit(9)
def well(number): return number
"""
BAD = ("crash", "leave", "leave_well", "hang", "hoard", "recurse", "no_json", "exit", "print_much")


@posix
@pytest.mark.parametrize("job", BAD if FULL else BAD[:5])
def test_a_job_that_goes_wrong_is_a_record_and_hurts_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, job: str
) -> None:
    (tmp_path / "drill_jobs.py").write_text(JOBS)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    limits = Limits(timeout_s=5 if job == "hang" else 120, memory_mb=512)
    result = isolation.run_isolated(f"drill_jobs:{job}", None, limits.timeout_s, limits.memory_mb)
    assert result["error"] and "parts" in result
    assert isolation.run_isolated("drill_jobs:well", 7, 120, limits.memory_mb) == 7
