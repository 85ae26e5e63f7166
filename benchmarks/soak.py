"""Calls handlers of tiny models from many threads for some minutes and checks every answer.

    python benchmarks/soak.py                               # bert, llama, whisper, vit on the CPU
    python benchmarks/soak.py --platform openvino --minutes 2
    python benchmarks/soak.py --mixed --models bert,llama,whisper,vit,vits --calls 5000

The answers that the threads must get are those of one thread, on the CPU. Prints how many calls
of each model were right, wrong and failed, and the memory of the process over time. Models are
called one after the other, or with `--mixed` all at once.
"""

from __future__ import annotations

import gc
import itertools
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
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
TOLERANCES = {"openvino": 1e-3, "onnxruntime": 1e-3}
"""Largest difference from the CPU, for platforms that compute in another way."""
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


def images() -> list[Call]:
    """Images of different size, alone and in lists."""
    draw = np.random.default_rng(0)
    shapes = [(30 + 9 * i, 40 + 5 * i, 3) for i in range(6)]
    made = [Image.fromarray(draw.integers(0, 256, shape, np.uint8)) for shape in shapes]
    return [(image if i % 2 else [image, *made[:2]], {}) for i, image in enumerate(made)]


WORK = {
    "bert": ("text-classification", texts),
    "llama": ("text-generation", prompts),
    "whisper": ("automatic-speech-recognition", recordings),
    "vit": ("image-classification", images),
    "vits": ("text-to-audio", lambda: [("a boat", {"seed": seed}) for seed in range(4)]),
}


class Soak:
    """Calls of some handlers, one kind after the other, and what came of them."""

    def __init__(self, models: Mapping[str, Model], most: int, seconds: float) -> None:
        self.models = models
        self.most = most
        self.until = time.monotonic() + seconds
        self.numbers = itertools.count()
        self.lock = Lock()
        self.counts = {name: Counter[str]() for name in models}
        self.problems: list[str] = []
        self.memory: list[float] = []

    def run(self, threads: int) -> None:
        """Call from so many threads until time or number is up."""
        with ThreadPoolExecutor(threads) as pool:
            for done in [pool.submit(self.work) for _ in range(threads)]:
                done.result()
        self.memory.append(memory())

    def work(self) -> None:
        """Make calls until time or number is up."""
        names = list(self.models)
        for number in self.numbers:
            if number >= self.most or time.monotonic() > self.until:
                return
            turn, place = divmod(number, len(names))
            outcome, problem = self.models[names[place]].outcome(turn)
            with self.lock:
                self.counts[names[place]][outcome] += 1
                self.memory += [memory()] if number % 50 == 0 else []
                self.problems += [f"{names[place]}: {problem}"] if problem else []


@dataclass(frozen=True)
class Model:
    """A handler, calls of it and the expected results."""

    handler: Any
    calls: list[Call]
    expected: list[Any]
    tolerance: float

    def outcome(self, turn: int) -> tuple[str, str]:
        """Whether one call returns the single-threaded result, and the result otherwise."""
        place = turn % len(self.calls)
        inputs, given = self.calls[place]
        try:
            result = self.handler(inputs, **given)["result"]
        except Exception as error:
            return "failed", f"call {place}: {type(error).__name__}: {error}"
        problems = differences(result, self.expected[place], self.tolerance)
        return ("wrong", f"call {place}: {problems[0]}") if problems else ("right", "")


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
    checkpoint = folder / model_type
    if not checkpoint.exists():
        build_checkpoint(tiny, skillset.task(task).auto_class, checkpoint)
    return getattr(skillset, f"init_{platform}")(str(checkpoint), task=task).handler


def prepared(name: str, platform: str, folder: Path) -> Model:
    """A tiny model on a platform, with the single-threaded results of the CPU."""
    task, make_calls = WORK[name]
    calls = make_calls()
    reference = opened(name, task, "cpu", folder)
    expected = [reference(inputs, **given)["result"] for inputs, given in calls]
    handler = opened(name, task, platform, folder)
    for inputs, given in calls:  # what is exported for the first call of a kind is no leak
        handler(inputs, **given)
    return Model(handler, calls, expected, TOLERANCES.get(platform, TOLERANCE))


def soaks(
    names: list[str], mixed: bool, platform: str, threads: int, most: int, seconds: float
) -> Iterator[tuple[Soak, float]]:
    """Each soak with the seconds that it took: of one model after the other, or of all at once."""
    groups = [names] if mixed else [[name] for name in names]
    with tempfile.TemporaryDirectory() as folder:
        for group in groups:
            models = {name: prepared(name, platform, Path(folder)) for name in group}
            soak = Soak(models, most, seconds)
            started = time.perf_counter()
            soak.run(threads)
            yield soak, time.perf_counter() - started


def main(
    models: Annotated[str, typer.Option(help=f"of {', '.join(WORK)}")] = "bert,llama,whisper,vit",
    platform: Annotated[str, typer.Option(help="a platform of hardware/")] = "cpu",
    minutes: Annotated[float, typer.Option(help="maximum minutes of each soak")] = 10.0,
    calls: Annotated[int, typer.Option(help="maximum calls of each soak")] = sys.maxsize,
    threads: int = 8,
    mixed: Annotated[bool, typer.Option(help="call all models at once")] = False,
) -> None:
    """Print a table; the exit code is 1 where a call was wrong or failed."""
    names = models.split(",")
    if unknown := sorted(set(names) - set(WORK)):
        raise typer.BadParameter(f"unknown model {unknown[0]!r}; use some of: {', '.join(WORK)}")
    bad = False
    for soak, seconds in soaks(names, mixed, platform, threads, calls, minutes * 60):
        print("| model | platform | calls | right | wrong | failed |")
        print("| --- | --- | ---: | ---: | ---: | ---: |")
        for name, counts in soak.counts.items():
            shown = " | ".join(str(counts[kind]) for kind in ("right", "wrong", "failed"))
            print(f"| {name} | {platform} | {counts.total()} | {shown} |")
            bad |= counts["right"] < counts.total()
        made = sum(counts.total() for counts in soak.counts.values())
        last = len(soak.memory) - 1
        marks = ", ".join(f"{soak.memory[last * share // 10]:.0f}" for share in range(11))
        print(f"{made} calls in {seconds:.0f} s; MB at 0, 10, ... 100 %: {marks}\n", flush=True)
        for problem in dict.fromkeys(soak.problems[:5]):
            print(f"  {problem:.200}", file=sys.stderr)
    raise typer.Exit(int(bad))


if __name__ == "__main__":
    typer.run(main)
