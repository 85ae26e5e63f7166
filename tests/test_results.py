"""A run's folder keeps what came out; runs compare and export to what other tools read."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from hf_skillset_templates.registry.store.paths import MODELS, ROOT
from hf_skillset_templates.results import run_folder
from hf_skillset_templates.results.causes import causes
from hf_skillset_templates.results.compare import compare
from hf_skillset_templates.results.expectations import expectation
from hf_skillset_templates.results.export import export
from hf_skillset_templates.results.from_registry import read_entries, registry_records
from hf_skillset_templates.results.machine import machine, versions
from hf_skillset_templates.results.records import problem
from hf_skillset_templates.results.run_folder import NoRunError, RunWriter, read_run
from hf_skillset_templates.results.source import registry_run

JUNIT = etree.XMLSchema(etree.parse(Path(__file__).parent / "schemas" / "junit.xsd"))
KILLED = """
import sys
from pathlib import Path
from hf_skillset_templates.results.run_folder import RunWriter, read_run
run = read_run(Path(sys.argv[1]))
writer = RunWriter.resume(run, run.about)
for number in range(10**6):
    writer.append({"model_type": f"m{number}", "task": "t", "platform": "cpu",
                   "status": "REAL", "stage": "run", "detail": "x" * 5000})
    print(number, flush=True)
"""


def record(name: str = "bert", status: str = "REAL", **more: Any) -> dict[str, Any]:
    """A record of one cell."""
    failed = status == "FAILED"
    cell = {"model_type": name, "task": "fill-mask", "platform": "openvino", "status": status}
    return {**cell, "stage": "load" if failed else "match", "detail": "", **more}


def started(folder: Path, planned: int = 3) -> RunWriter:
    """A run that has begun."""
    about = {"versions": versions(["torch"], "v1"), "machine": machine({"cpu": ["cpu"]})}
    return RunWriter.start(folder, about | {"platforms": ["openvino"], "planned": planned})


def test_a_run_is_read_as_it_was_written(tmp_path: Path) -> None:
    writer = started(tmp_path / "run")
    for name in ("bert", "vit"):
        parity = {"max_error": float("nan"), "cosine": 1.0, "tolerance": 0.1, "tie": ""}
        writer.append(record(name, parity=parity))
    assert read_run(tmp_path / "run").about["finished"] is None
    writer.finish()
    run = read_run(tmp_path / "run" / "results.jsonl")
    assert [each["model_type"] for each in run.records] == ["bert", "vit"]
    assert run.records[0]["parity"]["max_error"] is None
    assert run.about["finished"] >= run.about["started"]
    assert run.torn == 0
    assert problem("run", run.about) == ""


def test_each_record_is_one_write_and_one_fsync(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    for name in ("write", "fsync"):
        real = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *a, real=real, n=name: (calls.append(n), real(*a))[1])
    writer = started(tmp_path)
    writer.append(record("bert", detail="long " * 10_000))
    writer.append(record("vit"))
    assert calls == ["write", "fsync"] * 2


def test_what_is_no_record_is_counted_and_costs_no_other(tmp_path: Path) -> None:
    writer = started(tmp_path)
    writer.append(record("bert"))
    lines = [b"{}", b"1", b"null", b"\xff\xfe", b"[" * 100_000, b'{"model_type": 3}', b'{"task": "']
    with (tmp_path / "results.jsonl").open("ab") as file:
        file.write(b"\n".join(lines))
    writer.append(record("vit"))
    run = read_run(tmp_path)
    assert [each["model_type"] for each in run.records] == ["bert", "vit"]
    assert run.torn == len(lines)
    assert str(run.torn) in run.notes[0]


def test_a_killed_run_loses_nothing_that_was_told(tmp_path: Path) -> None:
    started(tmp_path)
    command = [sys.executable, "-c", KILLED, str(tmp_path)]
    for _ in range(3):
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            output = [next(process.stdout) for _ in range(random.randint(1, 9))]
            process.kill()
        run = read_run(tmp_path)
        assert len(run.records) >= len(output)
        assert run.torn <= 1
        (tmp_path / "results.jsonl").unlink()


@pytest.mark.parametrize("content", [None, "", "{}", "[]", '{"format": 2}'])
def test_what_is_no_run_is_refused_in_one_sentence(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "run.json").write_text(content)
    with pytest.raises(NoRunError, match=r"run\.json") as error:
        read_run(tmp_path)
    assert "\n" not in str(error.value)
    for script in ("compare_results.py", "export_results.py"):
        arguments = [str(tmp_path)] * (1 + (script == "compare_results.py"))
        assert finish(script, *arguments).returncode == 2


def test_a_record_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="status"):
        started(tmp_path).append(record("bert", "MAYBE"))


def test_comparison_names_every_kind_of_change() -> None:
    before = [
        record("falls", seconds=1.0),
        record("mended", "FAILED", detail="x"),
        record("same", "FAILED", detail="shape 3 at 0x7f"),
        record("other", "FAILED", detail="a"),
        record("slow", seconds=2.0),
        record("gone"),
        record("quick", seconds=0.01),
        record("away"),
    ]
    after = [
        record("falls", "FAILED", detail="broken"),
        record("mended"),
        record("same", "FAILED", detail="shape 4 at 0x8f"),
        record("other", "FAILED", detail="b"),
        record("slow", seconds=3.1),
        record("fresh"),
        record("quick", seconds=0.3),
        record("away", "UNAVAILABLE"),
    ]
    result = compare(before, after)
    names = {
        kind: [each["model_type"] for each in changes]
        for kind, changes in result.to_dict().items()
        if kind != "unchanged"
    }
    assert names == {
        "regressions": ["falls"],
        "mends": ["mended"],
        "newly_measured": ["fresh"],
        "no_longer_measured": ["gone", "away"],
        "other_failures": ["other"],
        "slower": ["slow"],
    }
    assert result.unchanged == 3


@pytest.mark.parametrize(
    ("status", "detail", "known", "expected"),
    [
        ("FAILED", "e 1", None, "new failure"),
        ("REAL", "", None, "new"),
        ("FAILED", "e 1", record(), "regression"),
        ("REAL", "", record(), "as expected"),
        ("REAL", "", record("bert", "FAILED", detail="e"), "surprise"),
        ("FAILED", "e 12\nmore", record("bert", "FAILED", detail="e 1"), "expected failure"),
        ("FAILED", "other", record("bert", "FAILED", detail="e 1"), "changed failure"),
        ("UNAVAILABLE", "no device", record(), "as expected"),
    ],
)
def test_expectations(status: str, detail: str, known: Any, expected: str) -> None:
    assert expectation(record("bert", status, detail=detail), known) == expected


def test_causes_join_errors_that_differ_in_numbers() -> None:
    details = ["size 3 at 0x1f in /tmp/a/b.py", "\x1b[31msize 44 at 0x2e in /var/c/d.py", "other"]
    result = causes([record(f"m{n}", "FAILED", detail=text) for n, text in enumerate(details)])
    assert [len(each.cells) for each in result] == [2, 1]


def test_causes_join_older_words_and_temporary_folders() -> None:
    details = [
        "logits is off by 3.1e+00 (1.0e+00 of its spread; tolerance 1e-04)",
        "logits is off by 1.9e-04 (1.6e-04relative; tolerance 1e-04)",
        "logits is off by 1.9e-04 (1.6e-04 relative; tolerance 1e-03)",
        "no class in …-skillset-jluwaqmn/tmp2/AutoModel. Not one",
        "no class in …/AutoModel. Not one",
    ]
    result = causes([record(f"m{n}", "FAILED", detail=text) for n, text in enumerate(details)])
    assert [len(each.cells) for each in result] == [3, 2]


def test_the_registry_is_a_run(tmp_path: Path) -> None:
    entries = read_entries(MODELS)
    records = registry_records(entries)
    assert not [each for each in records if problem("result", each)]
    cpu = [each for each in records if each["platform"] == "cpu"]
    known = [entry["hardware_compatibility"].get("cpu", {}) for entry in entries
             if "hardware_compatibility" in entry]  # fmt: skip
    assert len(cpu) == sum(len(each["verified"]) + len(each["failed"]) for each in known)
    versions = registry_run(entries).about["versions"]
    assert versions["torch"].split(", ")[0] == cpu[0]["versions"]["torch"]
    measured = {each["versions"]["transformers"] for each in records}
    assert set(versions["transformers"].split(", ")) == measured
    same = finish("compare_results.py", "registry", "registry", "--json")
    assert same.returncode == 0
    assert json.loads(same.stdout)["unchanged"] == len(records)


@pytest.fixture
def run(tmp_path: Path) -> run_folder.Run:
    """A run with awkward texts."""
    writer = started(tmp_path / "run")
    parity = {"max_error": 1e-6, "cosine": 0.99, "tolerance": 1e-4, "tie": ""}
    proof = {"graph_runs": 3, "share": 0.5}
    costs = {"seconds": 1.25, "stage_seconds": {"load": 1.0}}
    writer.append(record("bert", parity=parity, proof=proof, **costs))
    writer.append(record("vit", "FAILED", detail="=cmd() <b> \x1b[31m & \x00 \ud800 'x'"))
    writer.append(record("t5", "FAILED", detail="known", expectation="expected failure"))
    writer.append(record("gpt2", "UNAVAILABLE", detail="no device") | {"platform": "cuda"})
    writer.finish()
    return read_run(tmp_path / "run")


def test_junit_fits_its_schema(run: run_folder.Run, tmp_path: Path) -> None:
    export(run, "junit", tmp_path / "junit.xml")
    tree = etree.parse(tmp_path / "junit.xml")
    JUNIT.assertValid(tree)
    suites = {suite.get("name"): suite for suite in tree.getroot()}
    assert suites["openvino"].get("failures") == "1"
    assert suites["openvino"].get("skipped") == "1"
    assert suites["cuda"].get("skipped") == "1"
    failure = suites["openvino"].find("testcase[@classname='vit']/failure")
    assert failure.get("message").startswith("load: =cmd() <b>")


def test_parquet_is_read_by_duckdb_and_pandas(run: run_folder.Run, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="needs the extra `report`")
    duckdb = pytest.importorskip("duckdb", reason="needs the extra `quality`")
    import pandas

    path = tmp_path / "out" / "results.parquet"
    export(run, "parquet", path)
    question = f"select platform, count(*), max(max_error) from '{path}' group by 1 order by 1"
    assert duckdb.sql(question).fetchall() == [("cuda", 1, None), ("openvino", 3, 1e-6)]
    frame = pandas.read_parquet(path)
    assert list(frame["model_type"]) == ["bert", "vit", "t5", "gpt2"]
    assert (frame["graph_runs"][0], frame["share"][0]) == (3, 0.5)
    assert frame["seconds_load"][0] == 1.0


def test_csv_runs_nothing_in_a_spreadsheet(run: run_folder.Run, tmp_path: Path) -> None:
    import csv

    export(run, "csv", tmp_path / "results.csv")
    with (tmp_path / "results.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["status"] for row in rows] == ["REAL", "FAILED", "FAILED", "UNAVAILABLE"]
    assert rows[1]["detail"].startswith("'=cmd()")


def test_a_badge_counts(run: run_folder.Run, tmp_path: Path) -> None:
    finished = finish("export_results.py", str(run.folder), "--format", "badge")
    assert finished.returncode == 0, finished.stderr
    tree = etree.parse(run.folder / "results.svg")
    assert tree.getroot().get("aria-label") == "verified: 1 of 3"
    assert finish("export_results.py", str(run.folder), "--format", "pdf").returncode == 2


def finish(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a script to its end."""
    command = [sys.executable, str(ROOT / "scripts" / script), *arguments]
    return subprocess.run(command, capture_output=True, text=True)
