"""Every command of docs/results.md and docs/scale.md runs as the page has it, in its order."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT, commit_and_tag, git

from hf_skillset_templates.batch.choice import parse_shard
from hf_skillset_templates.results.records import Cell

for needed in ("openvino", "distributed", "itables"):
    pytest.importorskip(needed, reason="needs the platforms' extras, `dask` and `report`")

PAGES = {name: (ROOT / "docs" / f"{name}.md").read_text("utf-8") for name in ("results", "scale")}
HAS_CODE = ("scripts", "src", "ci_template", "environment")
SHARD = next(
    f"{number}/8" for number in range(1, 9)
    if parse_shard(f"{number}/8").holds(Cell("bert", "fill-mask", "openvino"))
)  # fmt: skip


def commands(page: str) -> list[str]:
    """The lines of a page's shell blocks, without their comments."""
    blocks = re.findall(r"```bash\n(.*?)```", PAGES[page], flags=re.DOTALL)
    return [line.split(" #")[0].strip() for block in blocks for line in block.splitlines() if line]


@pytest.fixture(scope="module")
def checkout(template_repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout with the tiny models of four types, whose virtual environment is this one."""
    place = tmp_path_factory.mktemp("checkout") / "hf-skillset-templates"
    git(place.parent, "clone", "--quiet", str(template_repository), str(place))
    for name in HAS_CODE:
        ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
        shutil.copytree(ROOT / name, place / name, ignore=ignored)
    for name in ("Makefile", "pyproject.toml", "setup.py"):
        shutil.copy(ROOT / name, place)
    tiny = shutil.ignore_patterns("tiny")  # those of the small template are enough
    shutil.copytree(ROOT / "registry", place / "registry", ignore=tiny, dirs_exist_ok=True)
    binaries = place / ".venv" / "bin"
    binaries.mkdir(parents=True)
    (binaries / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (binaries / "python").chmod(0o755)
    (place / ".venv" / "report.stamp").touch()
    (place / ".gitignore").write_text(".venv\nruns\nreport.html\n")
    commit_and_tag(place, "7.0.0")
    return place


def environment(checkout: Path) -> dict[str, str]:
    """The environment of somebody who has activated the checkout's virtual environment."""
    paths = [str(checkout / "src"), *filter(None, [os.environ.get("PYTHONPATH")])]
    binaries = [str(checkout / ".venv/bin"), str(Path(sys.executable).parent), os.environ["PATH"]]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths),
        "PATH": os.pathsep.join(binaries),
    }


def run(command: str, checkout: Path) -> str:
    """What a command printed that ended well."""
    finished = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=checkout, env=environment(checkout), capture_output=True, text=True,
    )  # fmt: skip
    assert finished.returncode == 0, command + finished.stdout + finished.stderr
    return finished.stdout


@pytest.mark.parametrize("command", commands("results"))
def test_results(command: str, checkout: Path) -> None:
    run(command, checkout)


def test_results_left_what_they_promise(checkout: Path) -> None:
    assert (checkout / "report.html").stat().st_size > 500_000
    names = {path.name for path in (checkout / "runs" / "last").iterdir()}
    assert {"run.json", "results.jsonl", "results.xml"} <= names


@pytest.mark.parametrize("command", [line for line in commands("scale") if "head" not in line])
def test_shards(command: str, checkout: Path, tmp_path: Path) -> None:
    if command.startswith("pip install"):
        extras = re.findall(r"\[(.*)\]", command)[0].split(",")
        known = (ROOT / "environment" / "extras.yml").read_text("utf-8")
        platforms = [path.parent.name for path in (ROOT / "hardware").glob("*/platform.yml")]
        assert [
            each for each in extras if f"\n{each}:" not in known and each not in platforms
        ] == []
    elif command.startswith("copier copy"):
        repository = tmp_path / "repository"
        repository.mkdir()
        run(
            command.replace("YOUR_REPOSITORY", f"--defaults -d template_source=. {repository}"),
            checkout,
        )
        assert (repository / ".github" / "workflows" / "hf-skillset-test.yml").is_file()
    elif "dask scheduler" not in command:
        run(command.replace("--shard 2/8", f"--only bert --shard {SHARD}"), checkout)


@pytest.fixture
def port() -> int:
    """A port that is free."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def started(checkout: Path, port: int) -> Iterator[None]:
    """The page's scheduler and workers, on this machine."""
    lines = [line for line in commands("scale") if " dask " in f" {line}"]
    running = []
    for line in lines:
        options = f"--host 127.0.0.1 --port {port} --no-dashboard" if "scheduler" in line else ""
        command = line.replace("head:8786", f"127.0.0.1:{port}").replace("--nworkers 8", "")
        assert "--nthreads 1" in command or "scheduler" in command
        running.append(subprocess.Popen(
            ["bash", "-c", f"{command} {options}"], cwd=checkout, env=environment(checkout),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        ))  # fmt: skip
    assert len(running) == 3
    yield
    for process in running:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.mark.usefixtures("started")
def test_a_cluster(checkout: Path, port: int) -> None:
    (command,) = [line for line in commands("scale") if "--scheduler" in line]
    command = command.replace("head:8786", f"127.0.0.1:{port}") + " --only bert --primary --json"
    deadline = time.monotonic() + 240
    while True:  # the workers come when they have imported what they need
        try:
            output = run(command, checkout)
            break
        except AssertionError as error:
            assert time.monotonic() < deadline, error
            time.sleep(2)
    assert '"REAL": 2' in output


@pytest.mark.parametrize(
    "command", re.findall(r"`(python benchmarks/[^`]+)`", "".join(PAGES.values()))
)
def test_a_benchmark_runs(command: str) -> None:
    name = command.split("/")[1]
    small = {"report.py": " --rounds 1 --failures 10", "conformance.py": " --skip-all --sample 1"}
    if name.startswith("report.py"):
        from hf_skillset_templates.reports.html import browser

        if browser.find_chromium() is None:
            pytest.skip(browser.MISSING)
    words = f"{command}{small.get(name, '')}".split()
    finished = subprocess.run(
        [sys.executable, *words[1:]], cwd=ROOT, capture_output=True, text=True
    )
    assert finished.returncode == 0, finished.stderr
    assert "|" in finished.stdout or "machine:" in finished.stdout
