"""Symbolic shapes: the right expression for what moves, and real tensors as predicted."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from hf_skillset_templates.registry.stages.shapes.direct import (
    RefusedError,
    free_batch,
    free_pictures,
)
from hf_skillset_templates.registry.stages.shapes.probe import Run, Setting
from hf_skillset_templates.registry.stages.shapes.sized_samples import axes_of, scaled
from hf_skillset_templates.registry.stages.shapes.symbols import (
    Symbols,
    evaluate,
    infer,
    names_of,
    telling_size,
    wrong_predictions,
)
from hf_skillset_templates.registry.stages.shapes.tensors import Symbolic
from hf_skillset_templates.registry.store.paths import MODELS, TINY

ENTRIES = {
    path.stem: json.loads(path.read_text(encoding="utf-8")) for path in MODELS.glob("*.json")
}


@pytest.mark.parametrize(
    ("sizes", "expression"),
    [
        ((7, 7, 7, 7, 7), 7),
        ((1, 1, 1, 2, 3), "batch"),
        ((10, 14, 20, 10, 10), "sequence"),
        ((21, 29, 41, 21, 21), "2*sequence + 1"),
        ((7, 11, 17, 7, 7), "sequence - 3"),
        ((3, 4, 6, 3, 3), "sequence//3"),
        ((10, 14, 20, 20, 30), "batch*sequence"),
        ((40, 56, 80, 80, 120), "4*batch*sequence"),
        ((1, 5, 2, 4, 3), None),
    ],
)
def test_a_dimension_is_explained_by_the_simplest_expression(
    sizes: tuple[int, ...], expression: str | int | None
) -> None:
    symbols = Symbols({"batch": (1, 1, 1, 2, 3), "sequence": (10, 14, 20, 10, 10)})
    result = symbols.explain(sizes)
    assert result == expression
    if result is not None:
        known = [dict(zip(symbols.sizes, run)) for run in zip(*symbols.sizes.values())]
        assert tuple(evaluate(result, run) for run in known) == sizes


def test_patches_of_a_picture_are_a_product_of_its_sides() -> None:
    symbols = Symbols({"height": (64, 98, 130, 64, 64), "width": (96, 96, 96, 144, 160)})
    sizes = tuple(-(-h // 32) * -(-w // 32) for h, w in zip(*symbols.sizes.values()))
    assert symbols.explain(sizes) == "((height + 31)//32)*((width + 31)//32)"


def test_a_size_rounded_up_to_a_multiple_is_told_only_where_two_steps_are_asked_for() -> None:
    heights = (80, 112, 144, 96, 90)
    rounded = tuple(-(-height // 32) * 32 for height in heights)
    assert Symbols({"height": heights}).explain(rounded) is None
    symbols = Symbols({"height": heights}, composed=True)
    assert symbols.explain(rounded) == "32*((height + 31)//32)"


def test_dimensions_of_listed_tensors_have_names_that_python_can_read() -> None:
    symbols = Symbols()
    runs: list[Any] = [{"original_images.0": (3, 72, 96)}, {"original_images.0": (3, 90, 120)}]
    assert infer(symbols, runs, outputs=False) == {"original_images.0": [3, "height", "width"]}


def frames(samples: int) -> int:
    """What the convolutions of wav2vec2's feature encoder leave of a recording."""
    for kernel, stride in ((10, 5), (3, 2), (3, 2), (3, 2), (3, 2), (2, 2), (2, 2)):
        samples = (samples - kernel) // stride + 1
    return samples


def test_telling_lengths_make_a_stack_of_convolutions_one_exact_expression() -> None:
    lengths = [16000, 24000, 32000]
    for _ in range(12):
        runs: list[Any] = [{"logits": (frames(n),)} for n in lengths]
        output = telling_size(Symbols({"samples": tuple(lengths)}), runs)
        if output is None:
            break
        lengths.append(output[1])
    symbols = Symbols({"samples": tuple(lengths)})
    assert symbols.explain(tuple(map(frames, lengths))) == "(samples - 80)//320"
    assert all(
        evaluate("(samples - 80)//320", {"samples": n}) == frames(n) for n in range(400, 3000)
    )


def patches_of_16(height: int, width: int) -> dict[str, tuple[int, ...]]:
    """What a vision transformer without learned positions gives."""
    if min(height, width) < 16:
        raise RuntimeError("the kernel is larger than the input")
    return {"last_hidden_state": (1, (height // 16) * (width // 16) + 1, 8)}


def pyramid_of_squares(height: int, width: int) -> dict[str, tuple[int, ...]]:
    """Levels of a model that takes squares alone, in steps of 32."""
    if height != width or height % 32:
        raise ValueError("not a square of patches")
    return {"last_hidden_state": (1, sum((height // k) * (width // k) for k in (8, 16, 32)), 8)}


def test_sides_of_a_picture_are_symbols_with_the_model_s_constraints() -> None:
    inputs: Symbolic = {"pixel_values": ["batch", 3, 224, 224]}
    outputs: Symbolic = {"last_hidden_state": ["batch", 197, 8]}
    facts = free_pictures(patches_of_16, inputs, outputs, (224, 224))
    side = {"multiple": 1, "minimum": 16, "processor": 224}
    assert facts == {"height": side, "width": side}
    assert inputs == {"pixel_values": ["batch", 3, "height", "width"]}
    assert outputs == {"last_hidden_state": ["batch", "(height//16)*(width//16) + 1", 8]}


def test_a_model_of_squares_has_one_side() -> None:
    inputs: Symbolic = {"pixel_values": ["batch", 3, 64, 64]}
    outputs: Symbolic = {"last_hidden_state": ["batch", 84, 8]}
    facts = free_pictures(pyramid_of_squares, inputs, outputs, (64, 64))
    assert facts == {"height": {"multiple": 32, "minimum": 32, "processor": 64}}
    assert inputs == {"pixel_values": ["batch", 3, "height", "height"]}
    (formula,) = {str(size) for size in outputs["last_hidden_state"] if isinstance(size, str)} - {
        "batch"
    }
    assert [evaluate(formula, {"height": side}) for side in (96, 320)] == [189, 2100]


def test_a_model_of_one_size_says_why() -> None:
    def fixed(height: int, width: int) -> dict[str, tuple[int, ...]]:
        if (height, width) != (64, 64):
            raise ValueError("64 and nothing else")
        return {"logits": (1, 2)}

    inputs: Symbolic = {"pixel_values": ["batch", 3, 64, 64]}
    with pytest.raises(RefusedError, match="64 and nothing else"):
        free_pictures(fixed, inputs, {"logits": ["batch", 2]}, (64, 64))
    assert inputs == {"pixel_values": ["batch", 3, 64, 64]}


@dataclass
class Once:
    """A task whose code runs one input at a time, with a model that scores every pair."""

    def repeated(self, run: Run, times: int) -> Any:
        several = {name: np.concatenate([value] * times) for name, value in run.inputs.items()}
        if times > self.most:
            raise ValueError("one at a time, please")
        return several, {"logits_per_text": np.zeros((times, times)), "loss": np.zeros(())}

    most: int = 9


def test_a_batch_that_the_task_never_gives_is_tried_on_the_model() -> None:
    first = Run(Setting(), {"input_ids": np.zeros((1, 7))}, {"logits_per_text": np.zeros((1, 1))})
    inputs: Symbolic = {"input_ids": [1, "sequence"]}
    outputs: Symbolic = {"logits_per_text": [1, 1]}
    assert free_batch(Once(most=1), first, inputs, outputs) == {
        "size": 1,
        "why": "ValueError: one at a time, please",
    }
    assert (inputs, outputs) == ({"input_ids": [1, "sequence"]}, {"logits_per_text": [1, 1]})
    assert free_batch(Once(), first, inputs, outputs) == {"task_gives": 1}
    assert inputs == {"input_ids": ["batch", "sequence"]}
    assert outputs == {"logits_per_text": ["batch", "batch"]}


def test_every_multiple_choice_has_any_number_of_choices() -> None:
    choices = [
        entry["tasks"]["multiple-choice"]["tensors"]["output"]["logits"]["shape"]
        for entry in ENTRIES.values()
        if "tensors" in entry["tasks"].get("multiple-choice", {})
    ]
    assert len(choices) >= 35
    assert all(shape == ["batch", "choices"] for shape in choices)


def test_symbols_of_an_entry_stand_in_its_tensors() -> None:
    for name, entry in ENTRIES.items():
        for task, facts in entry["tasks"].items():
            tensors = facts.get("tensors", {})
            shapes = [tensor["shape"] for tensor in tensors.get("input", {}).values()]
            used = {symbol for shape in shapes for size in shape for symbol in names_of(size)}
            free = {key for key, facts in tensors.get("symbols", {}).items() if "size" not in facts}
            assert free <= used, (name, task)


def test_outputs_that_no_input_explains_are_free_symbols() -> None:
    symbols = Symbols({"batch": (1, 2, 3)})
    shapes: list[Any] = [{"sequences": (1, 9)}, {"sequences": (2, 7)}, {"sequences": (3, 8)}]
    assert infer(symbols, shapes, outputs=True) == {"sequences": ["batch", "generated"]}
    assert symbols.free == {"generated"}


def test_a_wrong_prediction_is_named() -> None:
    wrong = wrong_predictions({"logits": (2, 5)}, {"logits": ["batch", 4]}, {"batch": 2})
    assert wrong == ["logits[1] = 4: predicted 4, got 5"]


def test_a_sample_grows_along_each_of_its_axes() -> None:
    sample = {"images": "asset:image.jpg", "text": "What is it?", "audio": "asset:speech.wav"}
    assert axes_of(sample) == ["height", "width", "text", "audio"]
    larger = scaled(sample, {"width": 2.0, "text": 2.0, "audio": 1.5})
    same = scaled(sample, {})
    assert larger["images"].width == 2 * same["images"].width
    assert larger["images"].height == same["images"].height
    assert larger["text"] == "What is it? What is it?"
    assert len(larger["audio"]["array"]) == round(1.5 * len(same["audio"]["array"]))


def test_bert_s_hidden_states_have_its_full_width() -> None:
    tensors = ENTRIES["bert"]["tasks"]["feature-extraction"]["tensors"]
    assert tensors["sizes"] == "default"
    assert tensors["output"]["last_hidden_state"] == {
        "dtype": "float32",
        "shape": ["batch", "sequence", 768],
    }


def test_sizes_are_the_default_configuration_s() -> None:
    bert = ENTRIES["bert"]["default_configuration"]
    assert bert["parameters"] == 109514298
    assert bert["memory"]["float16"] == 2 * bert["parameters"]
    assert (bert["embedding_dim"], bert["sequence_length"]) == (768, 512)
    result = [entry["default_configuration"] for entry in ENTRIES.values()]
    measured = [sizes for sizes in result if "parameters" in sizes]
    assert len(measured) >= 600


@pytest.mark.parametrize("model_type", ["bert", "vit", "whisper"])
def test_measuring_again_finds_what_the_entry_says(model_type: str) -> None:
    pytest.importorskip("torch")
    from hf_skillset_templates.registry.stages.shapes.measure import measure_job

    if not (TINY / model_type / "config.json").is_file():
        pytest.skip("no tiny model yet")
    result = measure_job({"model_type": model_type})
    for task, facts in ENTRIES[model_type]["tasks"].items():
        assert result[task].get("wrong") == [], result[task]
        assert result[task]["tensors"] == facts["tensors"]
