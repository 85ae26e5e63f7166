"""A generation_config.json for model types that cannot generate without settings of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from transformers import GenerationConfig, PreTrainedConfig, PreTrainedTokenizerBase

from hf_skillset_templates.registry.sources.model_classes import class_names, model_class

from .tokenizers import listed_tokens

TEXTS, CHARACTERS = {"texts": "all"}, {"characters": "all"}


def decoder_start(config: PreTrainedConfig, tokenizer: Any) -> dict[str, int]:
    """The decoder start token if the model's configuration does not define it.

    A transducer starts with the blank, another decoder with what begins the tokenizer's texts.
    """
    known = GenerationConfig.from_model_config(config)
    classes: list[Any] = [model_class(name) for name in class_names(config.model_type)]
    writes = any(model.can_generate() for model in classes)
    if not writes or not config.is_encoder_decoder or tokenizer is None:
        return {}
    if known.decoder_start_token_id is not None or known.bos_token_id is not None:
        return {}
    start = getattr(config, "blank_token_id", tokenizer.cls_token_id)
    start = tokenizer.bos_token_id if start is None else start
    return {} if start is None else {"decoder_start_token_id": start}


def save_generation_config(
    config: PreTrainedConfig,
    tokenizer: PreTrainedTokenizerBase | None,
    own: dict[str, Any],
    folder: Path,
) -> None:
    """Save the configuration's generation settings and those of the model type."""
    settings = GenerationConfig.from_model_config(config)
    resolved = {name: _resolved(value, tokenizer) for name, value in own.items()}
    settings.update(allow_custom_entries=True, **resolved)
    settings._from_model_config = False  # else it may be made anew from the model's configuration
    settings.save_pretrained(folder)


def _resolved(value: Any, tokenizer: PreTrainedTokenizerBase | None) -> Any:
    """The value with {token: "<x>"} as the token's id, {tokens: rows} as ids by token.

    {texts: all} stands for all tokens by id, {characters: all} for a number for each character.
    """
    if isinstance(value, dict) and set(value) == {"token"} and tokenizer is not None:
        return tokenizer.convert_tokens_to_ids(value["token"])
    if isinstance(value, dict) and set(value) == {"tokens"} and tokenizer is not None:
        names = listed_tokens(type(tokenizer), value["tokens"])
        return dict(zip(names, tokenizer.convert_tokens_to_ids(names), strict=True))
    if isinstance(value, dict) and tokenizer is not None and value in (TEXTS, CHARACTERS):
        tokens = {str(index): token for token, index in tokenizer.get_vocab().items()}
        if value == TEXTS:
            return dict(sorted(tokens.items(), key=lambda item: int(item[0])))
        return {c: i for i, c in enumerate(sorted(set("".join(tokens.values()))))}
    if isinstance(value, dict):
        return {name: _resolved(entry, tokenizer) for name, entry in value.items()}
    if isinstance(value, list):
        return [_resolved(entry, tokenizer) for entry in value]
    return value
