"""A generation_config.json for model types that cannot generate without facts of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from transformers import GenerationConfig, PreTrainedConfig, PreTrainedTokenizerBase

from hf_skillset_templates.tiny.tokenizers import listed_tokens


def save_generation_config(
    config: PreTrainedConfig,
    tokenizer: PreTrainedTokenizerBase | None,
    facts: dict[str, Any],
    folder: Path,
) -> None:
    """The configuration's own generation settings, and what the facts add to them."""
    settings = GenerationConfig.from_model_config(config)
    settings.update(**{name: _resolved(value, tokenizer) for name, value in facts.items()})
    settings.save_pretrained(folder)


def _resolved(value: Any, tokenizer: PreTrainedTokenizerBase | None) -> Any:
    """The value with {token: "<x>"} as the token's id, {tokens: rows} as ids by token."""
    if isinstance(value, dict) and set(value) == {"token"} and tokenizer is not None:
        return tokenizer.convert_tokens_to_ids(value["token"])
    if isinstance(value, dict) and set(value) == {"tokens"} and tokenizer is not None:
        names = listed_tokens(type(tokenizer), value["tokens"])
        return dict(zip(names, tokenizer.convert_tokens_to_ids(names), strict=True))
    if isinstance(value, dict):
        return {name: _resolved(entry, tokenizer) for name, entry in value.items()}
    if isinstance(value, list):
        return [_resolved(entry, tokenizer) for entry in value]
    return value
