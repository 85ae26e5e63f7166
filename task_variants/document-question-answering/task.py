"""A page and a question in, the words that answer it out (task `document-question-answering`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from transformers.pipelines.document_question_answering import apply_tesseract, select_starts_ends

from hf_skillset_runtime.media.image import load_image
from hf_skillset_runtime.media.text import as_fields, as_text
from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.word_boxes import as_words_and_boxes

NO_NULL_SCORE = 1000000


def encode(
    items: list[Any],
    processor: Any,
    config: Any,
    doc_stride: int | None = None,
    max_seq_len: int | None = None,
    lang: str | None = None,
    tesseract_config: str = "",
) -> list[Encoded]:
    """Tokenize `{"image", "question"}` items: one call each, one row per window of a long page.

    The words and their boxes (0..1000) are the item's `word_boxes`, by default read from the
    page with Tesseract.
    """
    tokenizer = getattr(processor, "tokenizer", processor)
    if tokenizer.padding_side != "right":
        raise ValueError(f"the tokenizer must pad right; it pads {tokenizer.padding_side}")
    longest = max_seq_len or tokenizer.model_max_length
    overlap = min(longest // 2, 256) if doc_stride is None else doc_stride
    runs = []
    for item in items:
        image, question = as_fields(item, "image", "question", further=["word_boxes"])
        page = load_image(image)
        word_boxes = item.get("word_boxes")
        if word_boxes is None:
            word_boxes = zip(*apply_tesseract(page, lang, tesseract_config))
        words, boxes = as_words_and_boxes(word_boxes)
        question = as_text(question)
        limits = {"max_length": longest, "stride": overlap}
        if (room := longest - tokens_of(tokenizer, question)) <= overlap:
            if doc_stride is not None:
                raise ValueError(
                    f"doc_stride ({doc_stride}) has to be smaller than the {max(room, 0)} tokens"
                    f" that the question leaves for the page, of max_seq_len {longest}"
                )
            limits["stride"] = max(room - 1, 0)
        pieces = tokenize(tokenizer, question, words, boxes, limits)
        inputs = {name: torch.tensor(rows) for name, rows in pieces.items()}
        if hasattr(processor, "image_processor"):
            inputs |= page_pixels(page, processor, len(pieces["bbox"]))
        word_ids = [pieces.word_ids(piece) for piece in range(len(pieces["bbox"]))]
        context = {"words": words, "word_ids": word_ids, "masks": answer_masks(pieces, tokenizer)}
        runs.append(Encoded(inputs, context=context))
    return runs


def tokens_of(tokenizer: Any, question: str) -> int:
    """The number of tokens of each window that are not of the page."""
    options = {"return_overflowing_tokens": True}
    pieces = boxed(tokenizer, question, ["a"], [[0] * 4], options)
    return sum(part != 1 for part in pieces.sequence_ids(0))


def tokenize(
    tokenizer: Any, question: str, words: list[str], boxes: list[Any], limits: Mapping[str, int]
) -> Any:
    """The question with each window of the page, every token with its box."""
    options = {
        "padding": True,
        "truncation": "only_second",
        "return_overflowing_tokens": True,
        "return_token_type_ids": True,
        **limits,
    }
    try:
        pieces = boxed(tokenizer, question, words, boxes, options)
    except Exception as error:  # tokenizers raise a bare Exception
        if "runcation" not in str(error):
            raise
        raise ValueError(
            f"the question is too long; of max_seq_len {limits['max_length']} tokens nothing is"
            " left for the page: ask a shorter one"
        ) from error
    pieces.pop("overflow_to_sample_mapping", None)
    return pieces


def boxed(
    tokenizer: Any, question: str, words: list[str], boxes: list[Any], options: Mapping[str, Any]
) -> Any:
    """The tokens of the windows, with boxes by the tokenizer or by their words."""
    if "bbox" in tokenizer.model_input_names:
        return tokenizer(text=[question], text_pair=[words], boxes=[boxes], **options)
    pieces = tokenizer(text=question.split(), text_pair=words, is_split_into_words=True, **options)
    pieces["bbox"] = [
        token_boxes(pieces, piece, boxes, tokenizer) for piece in range(len(pieces["input_ids"]))
    ]
    return pieces


def token_boxes(pieces: Any, piece: int, boxes: list[Any], tokenizer: Any) -> list[Any]:
    """The word's box for tokens of the page, the whole page for separators, zeros for others."""
    special = {tokenizer.sep_token_id: [1000] * 4}
    return [
        boxes[word] if sequence == 1 else special.get(token, [0] * 4)
        for token, sequence, word in zip(
            pieces["input_ids"][piece], pieces.sequence_ids(piece), pieces.word_ids(piece)
        )
    ]


def page_pixels(page: Any, processor: Any, pieces: int) -> dict[str, Any]:
    """The image of the page for each window, without running Tesseract again."""
    pixels = processor.image_processor(images=page, apply_ocr=False, return_tensors="pt")
    name = "image" if "image" in processor.model_input_names else "pixel_values"
    return {name: pixels["pixel_values"].repeat(pieces, 1, 1, 1)}


def answer_masks(pieces: Any, tokenizer: Any) -> np.ndarray:
    """1 for each token that cannot be in an answer: outside of the page, except the class token."""
    count = len(pieces["input_ids"])
    outside = np.array([[s != 1 for s in pieces.sequence_ids(piece)] for piece in range(count)])
    masks: np.ndarray = outside & (np.array(pieces["input_ids"]) != tokenizer.cls_token_id)
    return masks.astype(int)


def decode(
    outputs: list[Mapping[str, np.ndarray]],
    encoded: list[Encoded],
    processor: Any,
    config: Any,
    top_k: int = 1,
    max_answer_len: int = 15,
    handle_impossible_answer: bool = False,
) -> list[list[dict[str, Any]]]:
    """The `top_k` answers to each question, best first; `start` and `end` count words."""
    options = {
        "top_k": top_k,
        "max_answer_len": max_answer_len,
        "handle_impossible_answer": handle_impossible_answer,
    }
    return [
        sorted(
            answers(call_outputs, run, options), key=lambda answer: answer["score"], reverse=True
        )[:top_k]
        for call_outputs, run in zip(outputs, encoded)
    ]


def answers(
    outputs: Mapping[str, np.ndarray], run: Encoded, options: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The best answers in each window of one page."""
    words, spans, null_score = run.context["words"], [], NO_NULL_SCORE
    for piece, ids in enumerate(run.context["word_ids"]):
        tokens = slice(0, len(ids))
        starts, ends, scores, null_score = select_starts_ends(
            outputs["start_logits"][piece : piece + 1, tokens],
            outputs["end_logits"][piece : piece + 1, tokens],
            run.context["masks"][piece],
            run.inputs["attention_mask"][piece : piece + 1].numpy(),
            min_null_score=null_score,
            **options,
        )
        spans += [
            {
                "score": float(score),
                "answer": " ".join(words[ids[start] : ids[end] + 1]),
                "start": ids[start],
                "end": ids[end],
            }
            for start, end, score in zip(starts, ends, scores)
            if ids[start] is not None and ids[end] is not None
        ]
    if options["handle_impossible_answer"]:
        spans.append({"score": null_score, "answer": "", "start": 0, "end": 0})
    return spans
