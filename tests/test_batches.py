"""Which inputs run together, in which order, and how many rows at once."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from conftest import ROOT, OpenHandler
from PIL import Image

from hf_skillset_runtime.compare.differences import differences
from hf_skillset_runtime.serving.batches import (
    even_rows,
    joined,
    length_of,
    longest_first,
    row_count,
)
from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_templates.registry.store.variants import load_variants

pytest.importorskip("torch")
LABELS = [f"label {i}" for i in range(50)]


class Watched:
    """A platform that notes the shapes of what it runs."""

    def __init__(self, platform: Any) -> None:
        self.platform = platform
        self.shapes: list[tuple[int, ...]] = []
        self.tokens = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.platform, name)

    def run(self, endpoint: Any, spec: Any, encoded: Encoded) -> Any:
        self.shapes.append(np.asarray(encoded.inputs["input_ids"]).shape)
        self.tokens += int(np.asarray(encoded.inputs["attention_mask"]).sum())
        return self.platform.run(endpoint, spec, encoded)


def watched(handler: Any) -> Watched:
    """The handler's platform from now on."""
    handler.platform = Watched(handler.platform)
    return handler.platform


def test_zero_shot_runs_no_more_rows_than_fit(open_handler: OpenHandler) -> None:
    handler = open_handler("bert", "zero-shot-classification")
    texts = ["a small boat " * (1 + 5 * i) for i in range(6)]
    handler.batch_size = 1000
    expected = handler(texts, candidate_labels=LABELS)["result"]
    handler.batch_size = 16
    platform = watched(handler)
    actual = handler(texts, candidate_labels=LABELS)["result"]
    assert max(rows for rows, _ in platform.shapes) == 16
    for one, other in zip(actual, expected):
        assert one["sequence"] == other["sequence"]
        np.testing.assert_allclose(sorted(one["scores"]), sorted(other["scores"]), atol=1e-6)


MANY = [f"a thing of kind {i}" for i in range(21)]
IMAGE = str(ROOT / "task_variants/_samples/image.jpg")
VIDEO = str(ROOT / "task_variants/_samples/video.mp4")
SOUND = str(ROOT / "task_variants/_samples/speech.wav")


@pytest.mark.parametrize("most", [3, 16])
@pytest.mark.parametrize(
    ("model_type", "task", "item", "options"),
    [
        ("clip", "zero-shot-image-classification", IMAGE, {"candidate_labels": MANY}),
        ("siglip", "zero-shot-image-classification", IMAGE, {"candidate_labels": MANY}),
        ("clap", "zero-shot-audio-classification", SOUND, {"candidate_labels": MANY}),
        ("pe_video", "zero-shot-video-classification", VIDEO, {"candidate_labels": MANY}),
        ("xclip", "zero-shot-video-classification", VIDEO, {"candidate_labels": MANY}),
        ("videoprism", "zero-shot-video-classification", VIDEO, {"candidate_labels": MANY}),
        ("bert", "multiple-choice", {"prompt": "a boat", "choices": MANY}, {}),
    ],
)
def test_labels_and_choices_are_rows(
    open_handler: OpenHandler,
    model_type: str,
    task: str,
    item: Any,
    options: dict[str, Any],
    most: int,
) -> None:
    handler = open_handler(model_type, task)
    handler.batch_size = 1000
    expected = handler([item, item], **options)["result"]
    handler.batch_size = most
    sizes: list[int] = []
    run = handler.platform.run

    class Counted(Watched):
        def run(self, endpoint: Any, spec: Any, encoded: Any) -> Any:
            tokens = encoded.inputs["input_ids"]
            sizes.append(int(np.prod(tokens.shape[:-1])))
            return run(endpoint, spec, encoded)

    handler.platform = Counted(handler.platform)
    actual = handler([item, item], **options)["result"]
    assert max(sizes) <= most and len(sizes) > 1
    assert differences(actual, expected, 1e-4) == []


def test_graphs_of_fixed_shape_get_all_labels_at_once(open_handler: OpenHandler) -> None:
    """Qualcomm exports its graphs for the labels of the samples, with a batch size of 1."""
    handler = open_handler("clip", "zero-shot-image-classification")
    handler.batch_size = 1
    handler.platform = Watched(handler.platform)
    handler.platform.splits_columns = False
    handler(IMAGE, candidate_labels=MANY)
    assert [rows for rows, _ in handler.platform.shapes] == [len(MANY)]


def test_the_questions_about_a_table_are_rows(open_handler: OpenHandler) -> None:
    handler = open_handler("tapas", "table-question-answering")
    table = {"name": ["boat", "ship"], "length": ["3", "40"]}
    item = {"table": table, "query": ["how long is it?"] * 7}
    expected = handler(item)["result"]
    handler.batch_size = 3
    platform = watched(handler)
    assert handler(item)["result"] == expected
    assert [rows for rows, _ in platform.shapes] == [3, 3, 1]


def test_a_mixed_list_is_padded_little_and_answered_in_order(open_handler: OpenHandler) -> None:
    handler = open_handler("bert", "text-classification")
    shuffled = [" ".join(["boat"] * (1 + (37 * i) % 97)) for i in range(60)]
    random.Random(0).shuffle(shuffled)
    expected = [handler(text)["result"] for text in shuffled]
    platform = watched(handler)
    actual = handler(shuffled)["result"]
    computed = sum(rows * width for rows, width in platform.shapes)
    assert computed < 1.3 * platform.tokens
    for one, other in zip(actual, expected):
        assert one[0]["label"] == other[0]["label"]
        assert one[0]["score"] == pytest.approx(other[0]["score"], abs=1e-5)


def test_a_device_without_memory_for_all_rows_runs_fewer(open_handler: OpenHandler) -> None:
    import torch

    handler = open_handler("bert", "zero-shot-classification")
    expected = handler("a small boat", candidate_labels=LABELS)["result"]

    class Cramped(Watched):
        def run(self, endpoint: Any, spec: Any, encoded: Encoded) -> Any:
            if row_count(encoded) > 8:  # type: ignore[operator]
                raise torch.OutOfMemoryError("full")
            return super().run(endpoint, spec, encoded)

    handler.platform = Cramped(handler.platform)
    with pytest.warns(ResourceWarning, match="out of memory for a batch of 32"):
        actual = handler("a small boat", candidate_labels=LABELS)["result"]
    assert actual["labels"] == expected["labels"]
    assert handler.batch_size == 8


def test_lengths_are_compared_without_reading_inputs() -> None:
    assert length_of("boat") == 4 and length_of("船") == 3
    assert length_of({"text": "boat", "text_pair": ["a", "b"]}) == 6
    assert length_of(np.zeros(16000)) == 16000
    assert length_of(Image.new("RGB", (30, 20))) == 600
    sample = ROOT / "task_variants" / "_samples"
    image = next(path for path in sorted(sample.iterdir()) if path.suffix in (".png", ".jpg"))
    assert length_of(str(image), files=True) == image.stat().st_size
    assert longest_first(["a", "abc", "b", "abcd"], ["text"]) == [3, 1, 0, 2]


def test_rows_go_together_while_they_hold_little_padding() -> None:
    def mask(*lengths: int) -> Any:
        return np.array([[1] * length + [0] * (200 - length) for length in lengths])

    assert even_rows(mask(200, 190, 180, 20, 10)) == 3
    assert even_rows(mask(40, 2, 1)) == 3  # short ones are cheap
    assert even_rows(None) > 3


def test_rows_that_ran_apart_are_joined_as_one_batch() -> None:
    parts = [
        {"sequences": np.array([[5, 6, 7]]), "loss": np.array(1.0), "states": (np.ones((1, 2)),)},
        {"sequences": np.array([[8]]), "loss": np.array(2.0), "states": (np.ones((1, 2)),)},
    ]
    result = joined(parts, fill=9)
    assert result["sequences"].tolist() == [[5, 6, 7], [8, 9, 9]]
    assert result["states"][0].shape == (2, 2)


def test_only_arrays_with_a_row_each_count_as_rows() -> None:
    tokens, patches = np.zeros((2, 5)), np.zeros((70, 3))
    assert row_count(Encoded({"input_ids": tokens, "scale": np.array(1)})) == 2
    assert row_count(Encoded({"input_ids": tokens, "pixel_values": patches})) is None
    assert row_count(Encoded({"input_ids": tokens, "sizes": [(1, 2)]})) is None


def test_the_page_on_handlers_says_of_every_task_whether_inputs_share_passes() -> None:
    page = (ROOT / "docs" / "handlers.md").read_text("utf-8").partition("### By task")[2]
    rows = [line.split("|")[2] for line in page.partition("`python")[0].splitlines() if "|" in line]
    named = [word.strip() for row in rows for word in row.split(",")]
    assert sorted(set(named) - {"tasks", "---"}) == sorted(load_variants())
    assert len(named) == len(set(named))
