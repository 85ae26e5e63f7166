"""`zero-shot-object-detection` gives what transformers' pipeline gives."""

from __future__ import annotations

from typing import Any

from PIL import Image

TASK = "zero-shot-object-detection"


def expected(cell: Any, path: str, **options: Any) -> Any:
    """The pipeline's answer; it cannot run the models that take all labels at once."""
    processor = cell.opened.processor
    if "classes_input_ids" not in processor.model_input_names:
        return cell.pipeline(path, **options)
    options = {**cell.spec.sample_params, **options}
    image, labels = Image.open(path).convert("RGB"), options["candidate_labels"]
    outputs = cell.model_outputs(**processor(images=image, text=[labels], return_tensors="pt"))
    (detections,) = processor.post_process_grounded_object_detection(
        outputs, [labels], options["threshold"], target_sizes=[(image.height, image.width)]
    )
    columns = (
        detections["scores"].tolist(),
        detections["text_labels"],
        detections["boxes"].int().tolist(),
    )
    names = ("xmin", "ymin", "xmax", "ymax")
    answers = [{"score": s, "label": t, "box": dict(zip(names, b))} for s, t, b in zip(*columns)]
    return sorted(answers, key=lambda one: -one["score"])[: options["top_k"]]


def test_equals_the_pipeline(cell: Any) -> None:
    for image in cell.samples:
        labels = cell.spec.sample_params["candidate_labels"]
        cell.assert_equal(cell.run(image), expected(cell, image))
        cell.assert_equal(cell.run(image, candidate_labels=",".join(labels)), cell.run(image))


def test_threshold_leaves_out_low_scores(cell: Any) -> None:
    image = cell.samples[0]
    scores = [answer["score"] for answer in cell.run(image, top_k=None)]
    options = {"threshold": scores[len(scores) // 2] if scores else 0.5, "top_k": None}
    result = cell.run(image, **options)
    cell.assert_equal(result, expected(cell, image, **options))
    assert all(answer["score"] > options["threshold"] for answer in result)
