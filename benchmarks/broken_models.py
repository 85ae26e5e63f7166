"""How many broken models parity rejects, and how much tiny models react to their inputs.

python benchmarks/broken_models.py          # the sample, with the rules of all platforms
python benchmarks/broken_models.py --all --platform openvino
python benchmarks/broken_models.py --seconds 500 --json found.json   # again: goes on from there
"""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

from hf_skillset_templates import isolation
from hf_skillset_templates.evidence.drill import DRILL
from hf_skillset_templates.model_imports import MODEL_IMPORTS
from hf_skillset_templates.registry.store.model_types import model_types

SAMPLE = (
    "bert", "biogpt", "blip", "clap", "clip", "deberta-v2", "detr", "dpt", "gpt_oss", "layoutlmv3",
    "llama", "llava", "m2m_100", "mamba", "patchtst", "pp_lcnet", "qwen3_next", "resnet", "rwkv",
    "sam", "segformer", "speech_to_text", "speecht5", "superpoint", "swin", "t5", "tapas",
    "time_series_transformer", "vit", "vitpose", "vits", "wav2vec2", "whisper", "xclip",
)  # fmt: skip
SEPARATOR = ": "
REFUSED = 0.99
Option = typer.Option


def main(
    model: Annotated[list[str], Option(help="Model type; repeatable.")] = [],
    all: Annotated[bool, Option("--all", help="Every model type.")] = False,
    platform: Annotated[
        str, Option(help="Platform to test; cpu tests the rules of all platforms.")
    ] = "cpu",
    first: Annotated[bool, Option("--first", help="Only the first task of each.")] = False,
    timeout: Annotated[float, Option(help="Time limit for each model type.")] = 900,
    seconds: Annotated[float, Option(help="Start no model type after this time.")] = float("inf"),
    as_json: Annotated[Path | None, Option("--json", help="Records; resumes a run.")] = None,
) -> None:
    """Break models on purpose and count those that parity rejects; exit code 1 below 99 %."""
    isolation.preload(*MODEL_IMPORTS)
    chosen = list(model_types() if all else model or SAMPLE)
    records: list[dict[str, Any]] = known_records(as_json)
    done = {record["model_type"] for record in records}
    deadline = time.monotonic() + seconds
    for model_type in chosen:
        if model_type in done or time.monotonic() > deadline:
            continue
        job = {"model_type": model_type, "platform": platform, "first": first}
        outcome = isolation.run_isolated(DRILL, job, timeout, 12_000)
        if isinstance(outcome, dict):
            outcome = [{"model_type": model_type, "task": "", "error": outcome["error"]}]
        records += outcome
        if as_json:
            as_json.write_text(json.dumps(records, indent=1), "utf-8")
        typer.echo(f"{model_type}: {len(outcome)} tasks", err=True)
    remaining = len(set(chosen) - {record["model_type"] for record in records})
    if remaining:
        typer.echo(f"{remaining} of {len(chosen)} model types are left")
    tried, survivors = count(records)
    report(records, tried, survivors)
    raise typer.Exit(int(tried == 0 or len(survivors) > (1 - REFUSED) * tried))


def known_records(path: Path | None) -> list[dict[str, Any]]:
    """The records of an earlier run."""
    return list(json.loads(path.read_text("utf-8"))) if path and path.is_file() else []


def count(records: list[dict[str, Any]]) -> tuple[int, list[str]]:
    """How many broken models were tried, and the names of those that parity accepted."""
    tried, survivors = 0, []
    for record in records:
        for fault, verdicts in record.get("faults", {}).items():
            for rule, problem in verdicts.items():
                if not problem.startswith("not tried"):
                    tried += 1
                    cell = f"{record['model_type']}/{record['task']} ({rule})"
                    survivors += [] if problem else [f"{fault}{SEPARATOR}{cell}"]
    return tried, survivors


def report(records: list[dict[str, Any]], tried: int, survivors: list[str]) -> None:
    """Print the figures, the survivors, and the errors of good models."""
    share = 1 - len(survivors) / max(tried, 1)
    typer.echo(f"broken models refused: {tried - len(survivors)} of {tried} ({share:.1%})")
    for fault, many in Counter(name.split(SEPARATOR)[0] for name in survivors).items():
        typer.echo(f"  accepted, {fault}: {many}")
    for name in survivors:
        typer.echo(f"  {name}")
    done = [record for record in records if "sensitivity" in record]
    passed = [record for record in done if not record["sensitivity"]["problems"]]
    typer.echo(f"sensitivity gate passed: {len(passed)} of {len(done)} tasks")
    for record in records:
        cell = f"{record['model_type']}/{record['task']}"
        if "error" in record:
            typer.echo(f"  {cell}: no result: {record['error']}")
            continue
        for problem in record["sensitivity"]["problems"]:
            typer.echo(f"  {cell}: {problem}")
        for rule, problem in record["good"].items():
            if problem:
                typer.echo(f"  {cell}: the good model is refused on {rule}: {problem}")


if __name__ == "__main__":
    typer.run(main)
