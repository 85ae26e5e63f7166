"""A state and typed questions in, a probability for every option out (task `decision`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from transformers.decision import DecisionConfig, Question
from transformers.decision.modeling_utils import process_scores

from hf_skillset_runtime.tasks.encoded import Encoded
from hf_skillset_runtime.tasks.model_outputs import as_tensor


def encode(
    items: list[Any],
    processor: Any,
    config: Any,
    questions: Mapping[str, Any] | None = None,
    assets: Mapping[str, Any] | None = None,
    decision_config: DecisionConfig | str | None = None,
) -> list[Encoded]:
    """One call for each prompt of the requests `{"state", "questions"}`.

    With `questions`, an item is only the state.
    """
    settings = as_settings(decision_config, config)
    calls = []
    for number, item in enumerate(items):
        request = as_request(item, questions, assets)
        for inputs, questions_of_prompt in settings.prepare_inputs(request, processor):
            calls.append(
                Encoded(
                    prompt_inputs(inputs, questions_of_prompt),
                    context=(number, settings, questions_of_prompt),
                )
            )
    return calls


def as_settings(decision_config: DecisionConfig | str | None, config: Any) -> DecisionConfig:
    """The prompt settings: `decision_config`, or those of the checkpoint."""
    if isinstance(decision_config, DecisionConfig):
        return decision_config
    return DecisionConfig.from_pretrained(decision_config or config.name_or_path)


def as_request(
    item: Any, questions: Mapping[str, Any] | None, assets: Mapping[str, Any] | None
) -> Any:
    """The request of one item, with questions and images passed as parameters."""
    request = item if questions is None else {"state": item, "questions": dict(questions)}
    if assets is not None and isinstance(request, dict):
        return {**request, "assets": dict(assets)}
    return request


def prompt_inputs(inputs: Mapping[str, Any], questions: list[Question]) -> dict[str, Any]:
    """The model's tensors for one prompt: tokens and positions of the questions."""
    kinds = [Question.questions_types.index(question.type) for question in questions]
    return {
        **inputs,
        "marks": inputs["marks"][None],
        "num_options": np.array([[len(question.options) for question in questions]]),
        "question_type_ids": np.array([kinds]),
    }


def decode(
    outputs: list[Mapping[str, np.ndarray]], encoded: list[Encoded], processor: Any, config: Any
) -> list[dict[str, Any]]:
    """Per request the answers by the question's name, with a probability for every option."""
    answers: dict[int, dict[str, Any]] = {}
    for call, prompt in zip(outputs, encoded):
        number, settings, questions = prompt.context
        (scores,) = call.values()
        options = [len(question.options) for question in questions]
        rows = process_scores(
            settings,
            as_tensor(prompt.inputs["input_ids"]),
            prompt.inputs["marks"][0],
            questions,
            as_tensor(scores).split(options),
        )
        by_name = {q.name: q.answer(row.softmax(-1).tolist()) for q, row in zip(questions, rows)}
        answers.setdefault(number, {}).update(by_name)
    return list(answers.values())
