"""Calls handlers of tiny models from many threads for some minutes and checks every answer.

    python benchmarks/soak.py                               # bert, llama, whisper, vit on the CPU
    python benchmarks/soak.py --platform openvino --minutes 2
    python benchmarks/soak.py --models bert --calls 5000 --threads 8

Each input is answered in one thread first; those answers are what the threads must get. Prints
for each model how many calls were right, wrong and failed, and the memory of the process when
the first tenth of them was made, halfway, and at the end.
"""

from __future__ import annotations

import gc
import itertools
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Annotated, Any

import numpy as np
import psutil
import typer
from PIL import Image

from hf_skillset_runtime.compare.differences import differences
from hf_skillset_runtime.testing.tiny_checkpoint import build_checkpoint
from hf_skillset_templates.source_skillset import source_skillset

ROOT = Path(__file__).resolve().parent.parent
WORDS = "a small boat on the quiet river near the old library".split()
TEXTS = [" ".join(WORDS[: 1 + i % len(WORDS)]) * (1 + i % 4) for i in range(24)]
TOLERANCE = 1e-4
MEGABYTE = 1 << 20

Call = tuple[Any, dict[str, Any]]


def texts() -> list[Call]:
    """Texts alone and in lists, short and too long, truncated in several ways."""
    given: list[dict[str, Any]] = [{}, {"truncation": True, "max_length": 5}, {"truncation": True}]
    calls: list[Call] = [
        (text if i % 2 else [text, *TEXTS[:3]], given[i % 3]) for i, text in enumerate(TEXTS)
    ]
    return [*calls, ("boat " * 700, {"truncation": True})]


def prompts() -> list[Call]:
    """Prompts alone and in lists."""
    options = {"max_new_tokens": 4, "do_sample": False}
    return [(text if i % 3 else [text, *TEXTS[:2]], options) for i, text in enumerate(TEXTS[:9])]


def recordings() -> list[Call]:
    """Tones of different length."""
    tones = [np.sin(np.arange(8000 * (1 + i)) * (1 + i) / 40) for i in range(4)]
    options = {"max_new_tokens": 3}
    return [(tone.astype(np.float32), options) for tone in tones]


def pictures() -> list[Call]:
    """Pictures of different size, alone and in lists."""
    draw = np.random.default_rng(0)
    shapes = [(30 + 9 * i, 40 + 5 * i, 3) for i in range(6)]
    made = [Image.fromarray(draw.integers(0, 256, shape, np.uint8)) for shape in shapes]
    return [(picture if i % 2 else [picture, *made[:2]], {}) for i, picture in enumerate(made)]


WORK = {
    "bert": ("text-classification", texts),
    "llama": ("text-generation", prompts),
    "whisper": ("automatic-speech-recognition", recordings),
    "vit": ("image-classification", pictures),
    "vits": ("text-to-audio", lambda: [("a boat", {"seed": seed}) for seed in range(4)]),
}


class Soak:
    """Calls of one handler, and what came of them."""

    def __init__(self, handler: Any, calls: list[Call], most: int, until: float) -> None:
        self.handler = handler
        self.calls = calls
        self.expected = [handler(inputs, **given)["result"] for inputs, given in calls]
        self.until = time.monotonic() + until
        self.most = most
        self.numbers = itertools.count()
        self.lock = Lock()
        self.counts = {"right": 0, "wrong": 0, "failed": 0}
        self.problems: list[str] = []
        self.memory = [memory()]

    def work(self) -> None:
        """Make calls until time or number is up."""
        for number in self.numbers:
            if number >= self.most or time.monotonic() > self.until:
                return
            outcome, problem = self.outcome(number % len(self.calls))
            with self.lock:
                self.counts[outcome] += 1
                self.memory += [memory()] if number % 50 == 0 else []
                self.problems += [problem] if problem else []

    def outcome(self, place: int) -> tuple[str, str]:
        """Whether one call gives what one thread was given, and what it gives else."""
        inputs, given = self.calls[place]
        try:
            found = self.handler(inputs, **given)["result"]
        except Exception as error:
            return "failed", f"{type(error).__name__}: {error}"
        problems = differences(found, self.expected[place], TOLERANCE)
        return ("wrong", problems[0]) if problems else ("right", "")


def memory() -> float:
    """Resident memory of this process, in megabytes."""
    gc.collect()
    return float(psutil.Process().memory_info().rss / MEGABYTE)


def opened(model_type: str, task: str, platform: str, folder: Path) -> Any:
    """The handler of a tiny model."""
    skillset = source_skillset(model_type, (platform,))(
        metadata={"export_dir": str(folder / "exports"), "dtype": "float32"}
    )
    tiny = ROOT / "registry" / "tiny" / model_type
    checkpoint = build_checkpoint(tiny, skillset.task(task).auto_class, folder / model_type)
    return getattr(skillset, f"init_{platform}")(str(checkpoint), task=task).handler


def rows(
    names: list[str], platform: str, threads: int, most: int, until: float
) -> Iterator[tuple[str, Soak, float]]:
    """What a soak of each model found, with its seconds."""
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            task, calls = WORK[name]
            soak = Soak(opened(name, task, platform, Path(folder)), calls(), most, until)
            started = time.perf_counter()
            with ThreadPoolExecutor(threads) as pool:
                for done in [pool.submit(soak.work) for _ in range(threads)]:
                    done.result()
            yield name, soak, time.perf_counter() - started


def main(
    models: Annotated[str, typer.Option(help=f"of {', '.join(WORK)}")] = "bert,llama,whisper,vit",
    platform: Annotated[str, typer.Option(help="a platform of hardware/")] = "cpu",
    minutes: Annotated[float, typer.Option(help="at most, for each model")] = 10.0,
    calls: Annotated[int, typer.Option(help="at most, for each model")] = sys.maxsize,
    threads: int = 8,
) -> None:
    """Print a table; the exit code is 1 where a call was wrong or failed."""
    names = models.split(",")
    if unknown := sorted(set(names) - set(WORK)):
        raise typer.BadParameter(f"no model {unknown[0]!r}; use some of: {', '.join(WORK)}")
    bad = False
    print("| model | platform | calls | right | wrong | failed | calls/s | MB at 10 %, 50 %, end |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: | --- |")
    for name, soak, seconds in rows(names, platform, threads, calls, minutes * 60):
        made, counts = sum(soak.counts.values()), soak.counts
        last = len(soak.memory) - 1
        marks = ", ".join(f"{soak.memory[last * share // 10]:.0f}" for share in (1, 5, 10))
        shown = " | ".join(str(counts[kind]) for kind in ("right", "wrong", "failed"))
        print(f"| {name} | {platform} | {made} | {shown} | {made / seconds:.1f} | {marks} |")
        for problem in dict.fromkeys(soak.problems[:5]):
            print(f"  {problem:.200}", file=sys.stderr)
        bad |= counts["wrong"] + counts["failed"] > 0
    raise typer.Exit(int(bad))


if __name__ == "__main__":
    typer.run(main)
