"""`scripts/batch_generate.py`: what a person asks for is what appears, whole or not at all."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import ROOT, Run, file_bytes, summary_of
from terminal import Terminal

from hf_skillset_templates.batch import package as package_module
from hf_skillset_templates.batch.package import PackageJob, generate_package, publish
from hf_skillset_templates.batch.run import run_jobs
from hf_skillset_templates.batch.selection import select_model_types
from hf_skillset_templates.batch.staging import MARKER, staging_of
from hf_skillset_templates.registry.store.entries import read_entry
from hf_skillset_templates.registry.store.model_types import pipeline_map


def test_sample_generates_one_package_of_each_kind(run_script: Run, tmp_path: Path) -> None:
    finished = run_script("batch_generate", "--sample", "--output-dir", tmp_path, "--json")
    assert finished.returncode == 0, finished.stderr
    summary = summary_of(finished)
    counts = {key: summary[key] for key in ("requested", "generated", "skipped", "failed")}
    assert counts == {"requested": 4, "generated": 4, "skipped": 0, "failed": 0}
    assert summary["failures"] == []
    packages = sorted(path.name for path in tmp_path.iterdir())
    assert packages == ["hf_bert", "hf_llava", "hf_vit", "hf_whisper"]


def test_existing_package_is_left_alone_unless_forced(run_script: Run, tmp_path: Path) -> None:
    arguments = ("batch_generate", "--model", "bert", "--output-dir", tmp_path, "--json")
    run_script(*arguments)
    readme = tmp_path / "hf_bert" / "README.md"
    readme.write_text("mine")
    assert summary_of(run_script(*arguments))["skipped"] == 1
    assert readme.read_text() == "mine"
    assert summary_of(run_script(*arguments, "--force"))["generated"] == 1
    assert readme.read_text() != "mine"


def test_two_runs_give_the_same_bytes(run_script: Run, tmp_path: Path) -> None:
    for name in ("one", "other"):
        run_script("batch_generate", "--model", "vit", "--output-dir", tmp_path / name)
    one, other = file_bytes(tmp_path / "one"), file_bytes(tmp_path / "other")
    assert one == other and one


@pytest.mark.parametrize(
    ("name", "model_type"),
    [("bert", "bert"), ("bert-base-uncased", "bert"), ("google/vit-base-patch16-224", "vit")],
)
def test_a_checkpoint_name_finds_its_model_type(
    run_script: Run, tmp_path: Path, name: str, model_type: str
) -> None:
    finished = run_script("batch_generate", "--model", name, "--output-dir", tmp_path, "--dry-run")
    assert finished.stdout.split(" -> ")[0] == model_type
    assert list(tmp_path.iterdir()) == []


def test_a_checkpoint_folder_decides_by_its_config(run_script: Run, tmp_path: Path) -> None:
    folder = tmp_path / "my-bert-like-model"
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "vit"}')
    finished = run_script("batch_generate", "--model", folder, "--dry-run")
    assert finished.stdout.startswith("vit -> ")


def test_misspelt_model_is_refused_with_similar_names(run_script: Run, tmp_path: Path) -> None:
    finished = run_script("batch_generate", "--model", "whispr", "--output-dir", tmp_path / "out")
    assert finished.returncode == 2
    assert "whispr" in finished.stderr and "whisper" in finished.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "no model type selected"),
        (("--task", "fill-masks"), "unknown task 'fill-masks'"),
        (("--modality", "smell"), "unknown modality 'smell'"),
        (("--model", "bert", "--platforms", "abacus"), "unknown platform 'abacus'"),
    ],
)
def test_bad_usage_exits_with_2(run_script: Run, arguments: tuple[str, ...], message: str) -> None:
    finished = run_script("batch_generate", *arguments)
    assert finished.returncode == 2
    assert message in finished.stderr


def test_task_narrows_the_package(run_script: Run, tmp_path: Path) -> None:
    run_script("batch_generate", "--model", "bert", "--task", "fill-mask", "--output-dir", tmp_path)
    registry = json.loads((tmp_path / "hf_bert/src/hf_bert/registry.json").read_text())
    assert list(registry["tasks"]) == ["fill-mask"]


def test_skillset_folder_names_the_model_types(run_script: Run, tmp_path: Path) -> None:
    for name in ("hf_bert.py", "hf_vit.py", "notes.txt"):
        (tmp_path / name).touch()
    finished = run_script("batch_generate", "--skillset-dir", tmp_path, "--dry-run")
    assert [line.split(" -> ")[0] for line in finished.stdout.splitlines()] == ["bert", "vit"]


def test_skillset_folder_takes_either_separator_and_folders_and_leaves_the_rest_out(
    run_script: Run, tmp_path: Path
) -> None:
    for name in ("hf_chinese-clip.py", "hf_blenderbot_small.py", "hf_bertt.py", "hf_zzz.py"):
        (tmp_path / name).touch()
    (tmp_path / "hf_data2vec-text").mkdir()
    finished = run_script("batch_generate", "--skillset-dir", tmp_path, "--dry-run")
    assert finished.returncode == 0, finished.stderr
    assert [line.split(" -> ")[0] for line in finished.stdout.splitlines()] == [
        "blenderbot-small",
        "chinese_clip",
        "data2vec-text",
    ]
    assert "hf_bertt is skipped: 'bertt' is neither a model type" in finished.stderr
    assert "similar names: bert" in finished.stderr and "hf_zzz is skipped" in finished.stderr


def test_skillset_folder_without_any_is_refused(run_script: Run, tmp_path: Path) -> None:
    (tmp_path / "hf_zzz.py").touch()
    finished = run_script("batch_generate", "--skillset-dir", tmp_path, "--dry-run")
    assert (
        finished.returncode == 2
        and "contains no file or folder named hf_<model type>" in finished.stderr
    )


def job(output_dir: Path, model_type: str, **answers: object) -> PackageJob:
    """A job with the package name that goes with a one-word model type."""
    return PackageJob(model_type, f"hf_{model_type}", str(output_dir), dict(answers))


def test_one_failure_stops_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    jobs = [job(tmp_path, "bert", license="no such licence"), job(tmp_path, "vit")]
    outcomes = run_jobs(
        jobs, tmp_path, force=False, resume=False, workers=1, report=lambda outcome: None
    )
    assert {outcome.model_type: outcome.status for outcome in outcomes} == {
        "bert": "failed",
        "vit": "generated",
    }
    (failure,) = [outcome for outcome in outcomes if outcome.status == "failed"]
    assert failure.stage == "render" and "licence" in failure.error
    assert [path.name for path in tmp_path.iterdir()] == ["hf_vit"]


def test_failing_hook_leaves_no_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken_hook(package: Path) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(package_module, "hooks", lambda: [("copy_tiny_model", broken_hook)])
    outcome = generate_package(job(tmp_path, "bert"))
    assert (outcome.status, outcome.stage) == ("failed", "copy_tiny_model")
    assert not (tmp_path / "hf_bert").exists()


def test_resume_skips_what_the_interrupted_run_made(tmp_path: Path) -> None:
    jobs = [job(tmp_path, "bert", profile="basic"), job(tmp_path, "vit", profile="basic")]
    options = {"force": True, "workers": 1, "report": lambda outcome: None}
    run_jobs(jobs, tmp_path, resume=False, **options)
    (tmp_path / ".batch.jsonl").write_text('{"model_type": "bert", "status": "generated"}\n{"mod')
    outcomes = run_jobs(jobs, tmp_path, resume=True, **options)
    statuses = {outcome.model_type: outcome.status for outcome in outcomes}
    assert statuses == {"bert": "skipped", "vit": "generated"}


def test_killed_run_leaves_whole_packages_only(tmp_path: Path) -> None:
    command = [sys.executable, "scripts/batch_generate.py", "--modality", "text", "--jobs", "2"]
    running = subprocess.Popen(
        [*command, "--output-dir", str(tmp_path)],
        cwd=ROOT,
        start_new_session=True,
        stderr=subprocess.DEVNULL,
    )
    while len(list(tmp_path.glob("hf_*"))) < 3:
        assert running.poll() is None
        time.sleep(0.05)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    packages = list(tmp_path.glob("hf_*"))
    assert len(packages) >= 3
    for package in packages:
        assert (package / "src" / package.name / "registry.json").is_file()
        assert (package / ".copier-answers.yml").is_file()


def test_package_caught_between_two_renames_comes_back(tmp_path: Path) -> None:
    replaced = tmp_path / ".staging" / "hf_bert.replaced"
    replaced.mkdir(parents=True)
    (replaced / "mine").touch()
    (tmp_path / ".staging" / MARKER).touch()
    with staging_of(tmp_path):
        pass
    assert (tmp_path / "hf_bert" / "mine").is_file()
    assert not (tmp_path / ".staging").exists()


def test_publishing_replaces_the_whole_package(tmp_path: Path) -> None:
    staging, target = tmp_path / ".staging" / "hf_bert", tmp_path / "hf_bert"
    for folder, name in ((staging, "new"), (target, "old")):
        folder.mkdir(parents=True)
        (folder / name).touch()
    (target / ".copier-answers.yml").touch()
    publish(staging, target)
    assert [path.name for path in target.iterdir()] == ["new"]


def test_interactive_run_picks_in_the_terminal(tmp_path: Path) -> None:
    script = [str(ROOT / "scripts" / "batch_generate.py"), "--interactive", "--dry-run"]
    terminal = Terminal([sys.executable, *script, "--output-dir", str(tmp_path)])
    for question in ("Model types", "Platforms", "Profile"):
        terminal.expect(question)
        terminal.answer()
    terminal.expect("bert -> ")
    terminal.expect("whisper -> ")
    assert terminal.wait() == 0


def test_a_spread_has_every_modality_and_is_always_the_same() -> None:
    chosen = select_model_types(spread=60)
    modalities = [read_entry(name)["modality"] for name in chosen]
    assert len(chosen) == 60
    assert set(modalities) == {read_entry(name)["modality"] for name in pipeline_map()}
    assert modalities.count("text") > modalities.count("time-series")
    assert set(select_model_types(spread=30)) < set(chosen) == set(select_model_types(spread=60))
