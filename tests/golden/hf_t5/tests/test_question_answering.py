"""`question-answering` picks the span that the model's own logits favour most."""

from __future__ import annotations

from typing import Any

TASK = "question-answering"


def test_equals_the_best_span_of_the_model(cell: Any) -> None:
    tokenizer = cell.opened.processor
    for sample in cell.samples:
        pair = sample["question"], sample["context"]
        encoded = tokenizer(*pair, return_tensors="pt", return_offsets_mapping=True)
        offsets = encoded.pop("offset_mapping")[0].tolist()
        outputs = cell.model_outputs(**encoded)
        context = [i for i, part in enumerate(encoded.sequence_ids(0)) if part == 1]
        start = outputs.start_logits[0, context].softmax(-1).tolist()
        end = outputs.end_logits[0, context].softmax(-1).tolist()
        spans = [
            (start[i] * end[j], offsets[context[i]][0], offsets[context[j]][1])
            for i in range(len(context))
            for j in range(i, min(i + 15, len(context)))
        ]
        score, first, last = max(spans, key=lambda span: span[0])
        answer = cell.run(sample)
        cell.assert_equal(answer["score"], score)
        assert answer["answer"] == sample["context"][answer["start"] : answer["end"]]
        best = [span for span in spans if abs(span[0] - score) < cell.spec.tolerance]
        assert (answer["start"], answer["end"]) in [(begin, stop) for _, begin, stop in best], (
            answer,
            first,
            last,
        )
