"""What a person gets who gives no option is what transformers' pipeline gives without any.

Where it is not, the difference is named here, with the options that make both equal.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import av
import numpy as np
import pytest
import soundfile
import soxr
from conftest import ROOT, OpenHandler
from PIL import Image

from hf_skillset_runtime.compare.differences import differences
from hf_skillset_runtime.self_test.oracle import pipeline_of
from hf_skillset_runtime.tasks.samples import sample_inputs
from hf_skillset_templates.registry.store.variants import load_variants

torch = pytest.importorskip("torch")
Ask = Callable[[Any, Any], Any]


def as_it_is(sample: Any, handler: Any) -> Any:
    """A sample that the pipeline takes as the handler does."""
    return dict(sample) if isinstance(sample, dict) else sample


def recording(sample: Any, handler: Any) -> Any:
    """A file of audio as what it holds: the pipeline reads files with ffmpeg."""
    waveform, rate = soundfile.read(sample, dtype="float32")
    return {"raw": waveform, "sampling_rate": rate}


def waveform_at_rate(sample: Any, handler: Any) -> Any:
    """A file of audio as samples at the rate of the model."""
    waveform, rate = soundfile.read(sample, dtype="float32")
    return soxr.resample(waveform, rate, handler.processor.feature_extractor.sampling_rate)


def frames(sample: Any, handler: Any) -> Any:
    """A video as frames: the pipeline reads files with torchcodec."""
    with av.open(sample) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


def prompt(sample: Any, handler: Any) -> Any:
    """A prompt with the placeholder of its image, which the pipeline does not put in."""
    text = handler.processor.image_token + sample["text"]
    return {**sample, "text": text, "images": Image.open(sample["images"])}


def squares(sample: Any, handler: Any) -> Any:
    """Square images: of others the pipeline swaps height and width."""
    return [Image.open(path).convert("RGB").resize((64, 64)) for path in sample]


@dataclass(frozen=True)
class Case:
    """A task of a tiny model, and how both are asked."""

    model: str
    ask: Ask = as_it_is
    """The input of the pipeline for a sample."""
    both: bool = False
    """Whether the handler is asked for the same."""
    needed: dict[str, Any] = field(default_factory=dict)
    """What the task cannot do without."""
    as_pipeline: dict[str, Any] = field(default_factory=dict)
    """Options of the handler without which it differs from the pipeline on purpose."""
    read: Callable[[Any], Any] = lambda result: result


LABELS = {"candidate_labels": ["sports", "economy", "weather"]}
CASES = {
    "any-to-any": Case("llava", prompt, both=True),
    "audio-classification": Case("wav2vec2", recording),
    "automatic-speech-recognition": Case("whisper", recording),
    "decision": Case("jev"),
    "depth-estimation": Case("dpt"),
    "document-question-answering": Case("layoutlm"),  # layoutlmv3 gets no image from its pipeline
    "feature-extraction": Case("bert"),
    "fill-mask": Case("bert"),
    "image-classification": Case("vit"),
    "image-feature-extraction": Case("vit"),
    "image-segmentation": Case("detr"),
    "image-text-to-text": Case("llava", prompt, both=True),
    "keypoint-matching": Case("efficientloftr", squares, both=True),
    "mask-generation": Case("sam"),
    "object-detection": Case("detr"),
    "table-question-answering": Case("tapas"),
    "text-classification": Case("bert"),
    "text-generation": Case(
        "llama", as_pipeline={"do_sample": True, "generate_kwargs": {"temperature": 0.7}}
    ),
    "text-to-audio": Case("vits"),
    "token-classification": Case("bert"),
    "video-classification": Case("vivit", frames),
    "zero-shot-audio-classification": Case("clap", waveform_at_rate, needed=LABELS),
    "zero-shot-classification": Case("bert", needed=LABELS),
    "zero-shot-image-classification": Case("clip", needed=LABELS),
    "zero-shot-object-detection": Case("owlvit", needed=LABELS),
}


def test_every_task_with_a_pipeline_is_compared() -> None:
    assert set(CASES) == {name for name, variant in load_variants().items() if variant.pipeline}


def test_the_decision_names_every_difference() -> None:
    page = (ROOT / "docs/decisions/0021-defaults-of-generation.md").read_text("utf-8")
    guide = (ROOT / "docs/handlers.md").read_text("utf-8")
    for task, case in CASES.items():
        if case.as_pipeline:
            assert re.search(rf"\| {task} \| .*do_sample=True.*temperature", page)
            assert re.search(rf"\| `?{task}`? \| .*do_sample=True.*temperature", guide)


@pytest.mark.parametrize("task", CASES)
def test_without_options_equals_the_pipeline(open_handler: OpenHandler, task: str) -> None:
    case = CASES[task]
    handler = open_handler(case.model, task)
    pipeline: Any = pipeline_of(handler.endpoint, handler.processor, handler.spec)
    sample = sample_inputs(handler.spec, handler.processor)[0]
    asked = case.ask(sample, handler)
    given = case.ask(sample, handler) if case.both else sample
    torch.manual_seed(0)
    expected = pipeline.func(asked, **case.needed)
    torch.manual_seed(0)  # where the pipeline samples
    actual = handler(given, **case.needed, **case.as_pipeline)["result"]
    if "text" in handler.spec.output["format"] and isinstance(expected, dict):
        expected = {"text": expected["text"]} if "text" in expected else expected
    assert differences(actual, expected, max(handler.spec.tolerance, 1e-4)) == []
