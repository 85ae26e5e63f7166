"""Measures handlers at real sizes against plain torch and transformers' pipeline, in one run.

    python benchmarks/serve.py                     # all cases, real sizes, random weights
    python benchmarks/serve.py --case text --rounds 9
    python benchmarks/serve.py --small --check     # ratios above the limits in serve.yml: exit 1

The runners of a case take turns, beginning with another one in each round. Prints a table of the
CPU time of each call (median, least and largest of the rounds) and of its ratio to plain torch's
call of the same round, which does not depend on what else the machine does. Torch and OpenVINO
have one thread each.
"""

from __future__ import annotations

import gc
import json
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import transformers
import typer
import yaml

from hf_skillset_templates.source_skillset import source_skillset

ROOT = Path(__file__).resolve().parent.parent
CASES: dict[str, Any] = yaml.safe_load(Path(__file__).with_suffix(".yml").read_text("utf-8"))
SEED = 0
NEW_TOKENS = {"text-generation": 32, "automatic-speech-recognition": 16}
"""Task -> the number of tokens that a call generates."""
Call = Callable[[], Any]


def one_thread() -> None:
    """Give torch and OpenVINO one thread each, and let transformers print no progress."""
    torch.set_num_threads(1)
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})  # OpenVINO has a thread for each core
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()


def checkpoint(case: Mapping[str, Any], sizes: Mapping[str, Any], folder: Path) -> str:
    """A checkpoint with random weights of these sizes, with the tiny model's processor."""
    shutil.copytree(ROOT / "registry" / "tiny" / case["model_type"], folder)
    for name, changes in case.get("processor", {}).items():
        facts = json.loads((folder / name).read_text("utf-8"))
        for key, value in changes.items():
            facts[key] = {**facts.get(key, {}), **value} if isinstance(value, dict) else value
        (folder / name).write_text(json.dumps(facts), "utf-8")
    config = transformers.AutoConfig.from_pretrained(folder, **sizes)
    torch.manual_seed(SEED)
    auto_class = source_skillset(case["model_type"])(metadata={}).task(case["task"]).auto_class
    model = getattr(transformers, auto_class).from_config(config)
    if model.can_generate():
        model.generation_config.eos_token_id = None  # every call generates as many tokens
    model.save_pretrained(folder)
    return str(folder)


def inputs_of(name: str, case: Mapping[str, Any]) -> Any:
    """The input of a call, or a list of them."""
    draw = random.Random(SEED)
    if case["task"] == "image-classification":
        from PIL import Image

        pixels = np.random.default_rng(SEED).integers(0, 255, (300, 400, 3), np.uint8)
        return Image.fromarray(pixels)
    if case["task"] == "automatic-speech-recognition":
        return np.random.default_rng(SEED).standard_normal(12 * 16000).astype(np.float32) * 0.1
    if name == "texts":
        return ["boat " * max(1, int(draw.lognormvariate(3, 1))) for _ in range(32)]
    prompts = ["boat " * case.get("words", 12) for _ in range(case.get("rows", 1))]
    return prompts if len(prompts) > 1 else prompts[0]


def options_of(task: str) -> dict[str, Any]:
    """The parameters of every runner's call."""
    if task == "text-classification":
        return {"truncation": True}
    generated = NEW_TOKENS.get(task)
    if generated is None:
        return {}
    exactly = {"max_new_tokens": generated, "min_new_tokens": generated}
    exactly |= {"do_sample": False, "num_beams": 1}  # the speech pipeline's default is 5 beams
    return {"generate_kwargs": exactly}


def plain_torch(task: str, model: Any, processor: Any, inputs: Any) -> Call:
    """What a person writes: one padded batch, the model, its result as text or numbers."""

    def classify(encoded: Any) -> Any:
        return model(**encoded).logits.softmax(-1).max(-1)

    def generate(encoded: Any) -> Any:
        tokenizer = getattr(processor, "tokenizer", processor)
        options = options_of(task)["generate_kwargs"]
        tokens = model.generate(**encoded, **options, pad_token_id=tokenizer.pad_token_id)
        return tokenizer.batch_decode(tokens, skip_special_tokens=True)

    def call() -> Any:
        with torch.no_grad():
            if task == "image-classification":
                return classify(processor(inputs, return_tensors="pt"))
            if task == "automatic-speech-recognition":
                return generate(processor(inputs, sampling_rate=16000, return_tensors="pt"))
            texts = inputs if isinstance(inputs, list) else [inputs]
            encoded = processor(texts, return_tensors="pt", padding=True, truncation=True)
            return classify(encoded) if task == "text-classification" else generate(encoded)

    return call


def pipeline_call(task: str, model: Any, folder: str, inputs: Any) -> Call:
    """transformers' pipeline around the same model."""
    parts = {"model": model, "device": "cpu"}
    if task == "automatic-speech-recognition":
        processor = transformers.AutoProcessor.from_pretrained(folder)
        parts |= {
            "tokenizer": processor.tokenizer,
            "feature_extractor": processor.feature_extractor,
        }
    elif task == "image-classification":
        parts["image_processor"] = transformers.AutoImageProcessor.from_pretrained(folder)
    else:
        parts["tokenizer"] = transformers.AutoTokenizer.from_pretrained(folder)
    run = transformers.pipeline(task, **parts)
    options = options_of(task)
    if task == "text-generation":
        options = options["generate_kwargs"]
    return lambda: run(inputs, **options)


def runners(name: str, folder: str, exports: Path) -> dict[str, Call]:
    """The calls to compare, by runner; plain torch is the first."""
    case, inputs = CASES[name], inputs_of(name, CASES[name])
    task = case["task"]
    platforms = ("cpu", "openvino")
    skillset = source_skillset(case["model_type"], platforms)(metadata={"export_dir": str(exports)})
    handler = skillset.init_cpu(folder, task=task).handler
    model, processor = handler.endpoint, handler.processor
    options = options_of(task)
    calls: dict[str, Call] = {"torch": plain_torch(task, model, processor, inputs)}
    calls["pipeline"] = pipeline_call(task, model, folder, inputs)
    calls["handler"] = lambda: handler(inputs, **options)
    if "openvino" in case["limits"]:
        graphs = skillset.init_openvino(folder, task=task).handler
        calls["openvino"] = lambda: graphs(inputs, **options)
    return calls


def measured(calls: Mapping[str, Call], rounds: int) -> dict[str, list[float]]:
    """CPU seconds of each runner, by round; the first round is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    names = list(calls)
    for number in range(rounds + 1):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            gc.collect()
            started = time.process_time()
            calls[name]()
            seconds[name].append(time.process_time() - started)
    return {name: values[1:] for name, values in seconds.items()}


def spread(values: list[float], form: str) -> str:
    """Median, and the least and the largest value."""
    low, middle, high = (
        format(each, form) for each in (min(values), statistics.median(values), max(values))
    )
    return f"{middle} ({low} to {high})"


def report(name: str, seconds: Mapping[str, list[float]]) -> list[str]:
    """Print the rows of a case; the runners whose median ratio is above its limit."""
    failed = []
    for runner, values in seconds.items():
        ratios = [value / torch_s for value, torch_s in zip(values, seconds["torch"])]
        limit = CASES[name]["limits"].get(runner, float("inf"))
        milliseconds = spread([value * 1000 for value in values], ".0f")
        print(f"| {name} | {runner} | {milliseconds} | {spread(ratios, '.2f')} |", flush=True)
        if statistics.median(ratios) > limit:
            failed.append(f"{name}: {runner} is above {limit} of plain torch's CPU time")
    return failed


def main(
    case: Annotated[list[str] | None, typer.Option(help="cases of serve.yml; all")] = None,
    small: Annotated[bool, typer.Option(help="models of a few layers")] = False,
    rounds: Annotated[int, typer.Option(help="counted calls of each runner")] = 5,
    check: Annotated[bool, typer.Option(help="exit 1 if a ratio is above its limit")] = False,
) -> None:
    """Print a table."""
    if unknown := [name for name in case or () if name not in CASES]:
        sys.exit(f"no case {unknown[0]!r}; use one of: {', '.join(CASES)}")
    one_thread()
    failed = []
    print(f"load {os.getloadavg()[0]:.1f} at the start, one thread", file=sys.stderr)
    print("| case | runner | CPU ms | ratio to torch |\n| --- | --- | ---: | ---: |", flush=True)
    for name in case or CASES:
        sizes = CASES[name]["small" if small else "real"]
        with tempfile.TemporaryDirectory() as place:
            folder = checkpoint(CASES[name], sizes, Path(place) / "model")
            failed += report(name, measured(runners(name, folder, Path(place)), rounds))
    print(f"load {os.getloadavg()[0]:.1f} at the end", file=sys.stderr)
    if check and failed:
        sys.exit("\n".join(failed))


if __name__ == "__main__":
    typer.run(main)
