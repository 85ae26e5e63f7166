"""`image-text-to-text` gives what the model's own `generate` gives."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from PIL import Image

TASK = "image-text-to-text"


def test_several_hypotheses_belong_to_their_input(cell: Any) -> None:
    beams = {"generate_kwargs": {"num_beams": 2, "num_return_sequences": 2}}
    try:
        single = [cell.run(sample, **beams) for sample in cell.samples]
    except (NotImplementedError, ValueError) as error:
        pytest.skip(f"transformers has no beams for this model: {error}"[:120])
    results = cell.run(cell.samples, **beams)
    assert [len(one) for one in results] == [2] * len(cell.samples)
    for sample, one, alone in zip(cell.samples, results, single):
        assert [answer["input_text"] for answer in one] == [sample["text"]] * 2
        assert len(alone) == 2


def test_equals_generate(cell: Any) -> None:
    processor, model = cell.opened.processor, cell.opened.endpoint
    for sample in cell.samples:
        (answer,) = cell.run(sample, return_full_text=False)
        assert answer["input_text"] == sample["text"]
        parameters, _ = cell.spec.parameters({})
        encoded = cell.spec.module.encode([sample], processor, model.config, **parameters)
        prompt = encoded.context[0].text
        if "videos" in sample:
            image = cell.spec.module.load_clip(sample["videos"])
        else:
            image = Image.open(sample["images"]).convert("RGB")
        page = dict(zip(("text_pair", "boxes"), map(list, zip(*sample.get("word_boxes", ())))))
        inputs = processor(text=prompt, images=image, return_tensors="pt", **page)
        tokens = model.generate(**inputs, **cell.spec.sample_params)
        read = partial(processor.post_process_image_text_to_text, skip_special_tokens=True)
        prompt_ids = inputs.get("input_ids", inputs.get("decoder_input_ids"))
        begun = "" if prompt_ids is None else read(prompt_ids)[0]
        written = read(tokens)[0].strip().removeprefix(begun.strip())
        assert answer["generated_text"].strip() == written.strip()
