"""Symbolic shapes: the right expression for what moves, and real tensors as predicted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hf_skillset_templates.registry.stages.shapes.sized_samples import axes_of, scaled
from hf_skillset_templates.registry.stages.shapes.symbols import (
    Symbols,
    evaluate,
    infer,
    telling_size,
    wrong_predictions,
)
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
    found = symbols.explain(sizes)
    assert found == expression
    if found is not None:
        known = [dict(zip(symbols.sizes, run)) for run in zip(*symbols.sizes.values())]
        assert tuple(evaluate(found, run) for run in known) == sizes


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
        told = telling_size(Symbols({"samples": tuple(lengths)}), runs)
        if told is None:
            break
        lengths.append(told[1])
    symbols = Symbols({"samples": tuple(lengths)})
    assert symbols.explain(tuple(map(frames, lengths))) == "(samples - 80)//320"
    assert all(
        evaluate("(samples - 80)//320", {"samples": n}) == frames(n) for n in range(400, 3000)
    )


def test_outputs_that_no_input_explains_are_free_symbols() -> None:
    symbols = Symbols({"batch": (1, 2, 3)})
    shapes: list[Any] = [{"sequences": (1, 9)}, {"sequences": (2, 7)}, {"sequences": (3, 8)}]
    assert infer(symbols, shapes, outputs=True) == {"sequences": ["batch", "generated"]}
    assert symbols.free == {"generated"}


def test_a_wrong_prediction_is_named() -> None:
    wrong = wrong_predictions({"logits": (2, 5)}, {"logits": ["batch", 4]}, {"batch": 2})
    assert wrong == ["logits[1] = 4: 4, not 5"]


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


def test_full_sizes_are_the_default_configuration_s() -> None:
    bert = ENTRIES["bert"]
    assert bert["parameters"] == 109514298
    assert bert["memory"]["float16"] == 2 * bert["parameters"]
    assert (bert["embedding_dim"], bert["sequence_length"]) == (768, 512)
    measured = [name for name, entry in ENTRIES.items() if "parameters" in entry]
    assert len(measured) >= 600


@pytest.mark.parametrize("model_type", ["bert", "vit", "whisper"])
def test_measuring_again_finds_what_the_entry_says(model_type: str) -> None:
    pytest.importorskip("torch")
    from hf_skillset_templates.registry.stages.shapes.measure import measure_job

    if not (TINY / model_type / "config.json").is_file():
        pytest.skip("no tiny model yet")
    found = measure_job({"model_type": model_type})
    for task, facts in ENTRIES[model_type]["tasks"].items():
        assert found[task].get("wrong") == [], found[task]
        assert found[task]["tensors"] == facts["tensors"]
