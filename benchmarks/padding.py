"""Measures the padding of a list of texts of mixed length, in order and as the handler runs it.

    python benchmarks/padding.py              # 1,000 texts, a BERT of 4 layers of 256
    python benchmarks/padding.py --texts 200

Prints the tokens that the model computed for each token that is no padding, and seconds; a
list of equally long texts shows what looking for padding costs.
"""

from __future__ import annotations

import random
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
import typer

from hf_skillset_templates.source_skillset import source_skillset

ROOT = Path(__file__).resolve().parent.parent
TASK = "text-classification"


def opened(folder: Path) -> Any:
    """The CPU handler of a BERT with random weights."""
    tiny = ROOT / "registry" / "tiny" / "bert"
    shutil.copytree(tiny, folder)
    config = transformers.AutoConfig.from_pretrained(
        tiny, hidden_size=256, num_hidden_layers=4, num_attention_heads=4, intermediate_size=1024
    )
    torch.manual_seed(0)
    transformers.AutoModelForSequenceClassification.from_config(config).save_pretrained(folder)
    return source_skillset("bert")(metadata={}).init_cpu(str(folder), task=TASK).handler


class Counted:
    """A platform that counts what it computes."""

    def __init__(self, platform: Any) -> None:
        self.platform, self.computed, self.needed = platform, 0, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.platform, name)

    def run(self, endpoint: Any, spec: Any, encoded: Any) -> Any:
        """Count the tokens of a call and make it."""
        mask = np.asarray(encoded.inputs["attention_mask"])
        self.computed += mask.size
        self.needed += int(mask.sum())
        return self.platform.run(endpoint, spec, encoded)


def in_order(handler: Any, texts: list[str]) -> None:
    """Run batches of the texts as they come."""
    task, config = handler.spec.module, handler.endpoint.config
    for start in range(0, len(texts), handler.batch_size):
        batch = texts[start : start + handler.batch_size]
        encoded = task.encode(batch, handler.processor, config, truncation=True)
        outputs = handler.platform.run(handler.endpoint, handler.spec, encoded)
        task.decode(outputs, encoded, handler.processor, config)


def sorted_inside(handler: Any, texts: list[str]) -> None:
    """Call the handler with all of them."""
    handler(texts, truncation=True)


def main(texts: int = 1000) -> None:
    """Print a table."""
    draw = random.Random(0)
    mixed = ["boat " * max(1, int(draw.lognormvariate(3, 1))) for _ in range(texts)]
    even = ["boat " * 20] * texts
    print("| texts | run | computed / needed tokens | s |")
    print("| --- | --- | ---: | ---: |")
    with tempfile.TemporaryDirectory() as folder:
        handler = opened(Path(folder, "bert"))
        plain = handler.platform
        handler("a warm-up")
        for name, given in (("mixed", mixed), ("equally long", even)):
            for run in (in_order, sorted_inside):
                handler.platform = counted = Counted(plain)
                started = time.perf_counter()
                run(handler, given)
                seconds = time.perf_counter() - started
                ratio = counted.computed / counted.needed
                print(f"| {name} | {run.__name__} | {ratio:.2f} | {seconds:.1f} |")


if __name__ == "__main__":
    typer.run(main)
