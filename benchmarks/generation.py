"""Measures what a generation on OpenVINO costs: starts, memory, prompts and steps against torch.

    python benchmarks/generation.py                    # a Llama of 124 M parameters, random weights
    python benchmarks/generation.py --small --prompts 32

Both models generate the same tokens in turns, with one thread each; of each step the CPU time is
taken, so that other work of the machine matters little. Exits with 1 if their tokens differ.
"""

from __future__ import annotations

import itertools
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

import torch
import transformers
import typer
from serve import CASES, checkpoint, one_thread, spread

from hf_skillset_templates.source_skillset import source_skillset

CASE = CASES["generation"]
START = """
import sys, time
sys.path.insert(0, {benchmarks!r})
from serve import one_thread
one_thread()
import generation
used = time.process_time()
handler = generation.opened({folder!r}, "openvino")
print(time.process_time() - used, *generation.memory())
"""


def opened(folder: str, platform: str) -> Any:
    """The handler of the checkpoint in a folder, with its graphs beside it."""
    kind = source_skillset(CASE["model_type"], (platform,))
    skillset = kind(metadata={"export_dir": str(Path(folder).parent)})
    return getattr(skillset, f"init_{platform}")(folder, task=CASE["task"]).handler


def memory() -> tuple[int, int]:
    """Peak and present memory of the process in MB."""
    fields = dict(
        line.split(":", 1) for line in Path("/proc/self/status").read_text("utf-8").splitlines()
    )
    peak, present = (int(fields[name].split()[0]) // 1024 for name in ("VmHWM", "VmRSS"))
    return peak, present


def start(folder: str) -> tuple[float, int, int]:
    """CPU seconds of a start in a new process, its peak memory and that after it in MB."""
    script = START.format(benchmarks=str(Path(__file__).parent), folder=folder)
    finished = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    seconds, peak, after = finished.stdout.split()[-3:]
    return float(seconds), int(peak), int(after)


def timed(model: Any, rows: int, tokens: int, new: int) -> tuple[float, float, Any]:
    """CPU milliseconds of the prompt and of a step (median), and the tokens (rows, all)."""
    marks = [time.process_time()]

    def mark(_tokens: Any, scores: Any) -> Any:
        marks.append(time.process_time())
        return scores

    ids = torch.randint(10, 900, (rows, tokens), generator=torch.Generator().manual_seed(0))
    marks[0] = time.process_time()
    with torch.no_grad():
        sequences = model.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=new,
            min_new_tokens=new,
            do_sample=False,
            pad_token_id=0,
            logits_processor=transformers.LogitsProcessorList([mark]),
        )
    first, *steps = (1000 * (late - soon) for soon, late in itertools.pairwise(marks))
    return first, statistics.median(steps), sequences


def compare(models: list[Any], rows: int, tokens: int, rounds: int) -> bool:
    """Print the rows of the table for one size of prompts; whether the tokens are the same."""
    results = [[timed(model, rows, tokens, 17) for model in models] for _ in range(rounds)]
    for place, part in enumerate(("prompt", "step")):
        pairs = [(ours[place], theirs[place]) for theirs, ours in results]
        cells = [spread([pair[i] for pair in pairs], ".0f") for i in (1, 0)]
        ratios = spread([theirs / ours for ours, theirs in pairs], ".2f")
        print(f"| {rows} x {tokens} | {part} | {cells[0]} | {cells[1]} | {ratios} |", flush=True)
    return all(torch.equal(theirs[2], ours[2]) for theirs, ours in results)


def main(
    small: Annotated[bool, typer.Option(help="a model of a few layers")] = False,
    prompts: Annotated[list[int] | None, typer.Option(help="tokens of a prompt")] = None,
    rounds: Annotated[int, typer.Option(help="calls of each model")] = 3,
) -> None:
    """Print the starts and a table."""
    one_thread()
    same = True
    with tempfile.TemporaryDirectory() as place:
        folder = checkpoint(CASE, CASE["small" if small else "real"], Path(place) / "model")
        weights = sum(p.stat().st_size for p in Path(folder).glob("*.safetensors")) / 1e6
        print(f"weights {weights:.0f} MB")
        for name in ("first", "second"):
            seconds, peak, after = start(folder)
            print(f"{name} start: {seconds:.1f} s of CPU, peak {peak} MB, then {after} MB")
        stored = sum(path.stat().st_size for path in Path(place).rglob("graph.bin")) / 1e6
        print(f"graphs on disk: {stored:.0f} MB", flush=True)
        models = [opened(folder, platform).endpoint for platform in ("cpu", "openvino")]
        print("| rows x tokens | | torch, CPU ms | OpenVINO, CPU ms | torch / OpenVINO |")
        print("| --- | --- | ---: | ---: | ---: |", flush=True)
        for tokens in prompts or (32, 1500):
            for rows in (1, 4):
                same &= compare(models, rows, tokens, rounds)
    if not same:
        sys.exit("the tokens differ from torch's")


if __name__ == "__main__":
    typer.run(main)
