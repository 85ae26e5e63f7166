"""`question-answering` picks the span that the model's own logits favour most."""

from __future__ import annotations

from typing import Any

TASK = "question-answering"


def test_equals_the_best_span_of_the_model(cell: Any) -> None:
    processor = cell.opened.processor
    tokenizer = processor.tokenizer if cell.spec.adapter else processor
    for sample in cell.samples:
        pair = sample["question"], sample["context"]
        encoded = tokenized(*pair, tokenizer, return_tensors="pt")
        context = context_tokens(*pair, tokenizer)
        outputs = cell.model_outputs(**encoded)
        start = outputs.start_logits[0, context].softmax(-1).tolist()
        end = outputs.end_logits[0, context].softmax(-1).tolist()
        spans = {
            (first, last): start[i] * end[j]
            for i, first in enumerate(context)
            for j, last in list(enumerate(context))[i : i + 15]
        }
        score = max(spans.values())
        answer = cell.run(sample)
        cell.assert_equal(answer["score"], score)
        assert answer["answer"] == sample["context"][answer["start"] : answer["end"]]
        if tokenizer.is_fast and "bbox" not in encoded:
            offsets = tokenizer(*pair, return_offsets_mapping=True)["offset_mapping"]
            best = [span for span, found in spans.items() if score - found < cell.spec.tolerance]
            places = [(offsets[first][0], offsets[last][1]) for first, last in best]
            assert (answer["start"], answer["end"]) in places
        elif not tokenizer.is_fast:  # words are the smallest answers
            assert set(answer["answer"].split()) <= set(sample["context"].split())


def tokenized(question: str, context: str, tokenizer: Any, **options: Any) -> Any:
    """The pair in tokens, all words in the padding's box where the tokenizer wants boxes."""
    if "bbox" not in tokenizer.model_input_names:
        return tokenizer(question, context, **options)
    words = context.split()
    return tokenizer(question, words, boxes=[tokenizer.pad_token_box] * len(words), **options)


def context_tokens(question: str, context: str, tokenizer: Any) -> list[int]:
    """Positions of the context's tokens."""
    if tokenizer.is_fast:
        parts = tokenized(question, context, tokenizer).sequence_ids(0)
        return [position for position, part in enumerate(parts) if part == 1]
    special = tokenizer(question, context, return_special_tokens_mask=True)["special_tokens_mask"]
    text = [position for position, is_special in enumerate(special) if not is_special]
    return text[len(tokenizer.tokenize(question)) :]
