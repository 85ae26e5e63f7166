"""Making a configuration agree with its tokenizer: vocabulary size and token ids."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from transformers import PreTrainedConfig, PreTrainedTokenizerBase
from transformers.models.auto.tokenization_auto import TOKENIZER_MAPPING_NAMES

from hf_skillset_runtime.tasks.limits import text_part
from hf_skillset_templates.tiny.configs import node_at, nodes

TOKEN_FIELD = re.compile(
    r"^(?P<stem>\w+?)_token_(id|ids|index)$|^(?P<short>pad|bos|eos|unk|mask)_index$"
)
# Ids of another vocabulary than the text's: units of speech, codes of audio.
FOREIGN = re.compile(r"_(pad|bos|eos)$|^(t2u|codec|codebook|audio_codec)_")
STANDARD = ("pad", "bos", "eos", "unk", "sep", "cls", "mask")
TEXT_PATH = re.compile(
    r"(^|\.)(text|language|llm|lm|thinker|talker_text|decoder|generator|qformer)\w*$"
)
VOCABULARY = re.compile(r"^(text_|src_|tgt_|encoder_|decoder_|n_)?vocab_size(_per_layer_input)?$")


def text_nodes(
    config: PreTrainedConfig, paths: list[str] | None = None
) -> Iterator[PreTrainedConfig]:
    """The nodes with the text vocabulary: those at `paths`, or those with its attributes."""
    all_nodes = list(nodes(config))
    if paths is not None:
        yield from (node for path, node in all_nodes if path in paths)
        return
    # Beside a text encoder, the decoder generates audio codes.
    if any(path.startswith("text_encoder") for path, _ in all_nodes):
        yield from (node for path, node in all_nodes if path.startswith("text_encoder"))
        return
    text = text_part(config)
    shared = _shared_vocabulary(config)
    for path, node in all_nodes:
        if path == "" or node is text or path in shared or TEXT_PATH.search(path):
            yield node
        elif path == "encoder" and node.model_type in TOKENIZER_MAPPING_NAMES:
            yield node


def _shared_vocabulary(config: PreTrainedConfig) -> set[str]:
    """Paths of nodes with as many tokens as the text model by default: they mean the same."""
    try:
        default = type(config)()
    except Exception:  # some classes have no default
        return set()
    size = getattr(text_part(default), "vocab_size", None)
    return {
        path for path, node in nodes(default) if size and getattr(node, "vocab_size", None) == size
    }


def align_tokens(
    config: PreTrainedConfig,
    tokenizer: PreTrainedTokenizerBase,
    processor: Any = None,
    overrides: dict[str, Any] | None = None,
) -> None:
    """Write the tokenizer's ids and size into every node that speaks of text.

    A token is added for a placeholder id without one.
    """
    overrides = overrides or {}
    text = list(text_nodes(config, overrides.get("text_nodes")))
    for _, node in nodes(config):
        is_text = any(node is other for other in text)
        start = _start_token(node) if is_text else None
        _align_ids(node, tokenizer, processor, overrides.get("tokens", {}), is_text)
        if start:
            named = overrides.get("tokens", {}).get("decoder_start")
            node.decoder_start_token_id = (
                tokenizer.convert_tokens_to_ids(named)
                if named
                else getattr(tokenizer, f"{start}_token_id")
            )
    for path, token in overrides.get("ids", {}).items():
        parent, _, name = path.rpartition(".")
        setattr(node_at(config, parent), name, tokenizer.convert_tokens_to_ids(token))
    _align_codes(config, tokenizer)
    size = vocabulary_size(tokenizer)
    whole = _behind_text(config, size)
    for node in text:
        for name in list(vars(node)):
            if VOCABULARY.match(name) and isinstance(getattr(node, name), int):
                setattr(node, name, size if name.endswith("_per_layer_input") else whole)
        for name in ("suppress_tokens", "begin_suppress_tokens"):
            if getattr(node, name, None):
                setattr(node, name, [token for token in getattr(node, name) if token < size])


def _align_codes(config: PreTrainedConfig, tokenizer: PreTrainedTokenizerBase) -> None:
    """Make tokens of the codes of images that a configuration numbers in the vocabulary."""
    codes = getattr(config, "vocabulary_map", None)
    if codes:
        tokenizer.add_tokens(list(codes), special_tokens=True)
        config.vocabulary_map = {code: tokenizer.convert_tokens_to_ids(code) for code in codes}


def _behind_text(config: PreTrainedConfig, size: int) -> int:
    """Put the vocabularies of media behind `size` tokens of text: the number of all tokens."""
    offset_nodes = (node for _, node in nodes(config) if hasattr(node, "vocab_offset"))
    for node in sorted(offset_nodes, key=lambda node: node.vocab_offset):
        node.vocab_offset = size
        size += node.vocab_size
    return size


def vocabulary_size(tokenizer: PreTrainedTokenizerBase) -> int:
    """One more than the highest id; some classes keep language codes out of their vocabulary."""
    codes = getattr(tokenizer, "lang_code_to_id", None) or {}
    ids = [len(tokenizer) - 1, *tokenizer.get_vocab().values(), *filter(None, codes.values())]
    return 1 + int(max(ids))


def _start_token(node: PreTrainedConfig) -> str | None:
    """The token that starts the decoder: the one whose id the class's default repeats."""
    try:
        default = type(node)()
    except Exception:  # some classes have no default
        default = node
    start = getattr(default, "decoder_start_token_id", None)
    if start is None:
        return None
    same = (
        name
        for name in ("pad", "eos", "bos")
        if getattr(default, f"{name}_token_id", None) == start
    )
    return next(same, "bos")


def _align_ids(
    node: PreTrainedConfig, tokenizer: Any, processor: Any, tokens: dict[str, str], is_text: bool
) -> None:
    for name in sorted(vars(node)):
        match = TOKEN_FIELD.match(name)
        if match is None or name == "decoder_start_token_id":
            continue
        old, stem = getattr(node, name), match["stem"] or match["short"]
        if stem in STANDARD:
            new = getattr(tokenizer, f"{stem}_token_id") if is_text else None
            if new is None and is_text and _is_beyond(old, tokenizer):
                new = _made_id(stem, tokenizer)
        else:
            new = _known_id(stem, tokenizer, processor, tokens)
            if new is None and old is not None and is_text and not FOREIGN.search(stem):
                new = _made_id(stem, tokenizer)
        if new is not None:
            setattr(node, name, [new] if isinstance(old, (list, tuple)) and old else new)


def _known_id(stem: str, tokenizer: Any, processor: Any, tokens: dict[str, str]) -> int | None:
    """The id of the token that the stem ("image", "vision_start") names."""
    vocabulary = tokenizer.get_vocab()
    named = tokens.get(stem) or getattr(tokenizer, f"{stem}_token", None)
    token_id = getattr(processor, f"{stem}_token_id", None)
    if not named and isinstance(token_id, int):
        return token_id
    named = str(named or getattr(processor, f"{stem}_token", None))
    forms = (named, f"<{stem}>", f"<|{stem}|>", f"<|{stem}_pad|>", f"[{stem.upper()}]")
    known = next((form for form in forms if form in vocabulary), None)
    return tokenizer.convert_tokens_to_ids(known) if known else None


def _is_beyond(token: Any, tokenizer: Any) -> bool:
    """Whether a model that starts or ends with this token would not find it."""
    return isinstance(token, int) and token >= vocabulary_size(tokenizer)


def _made_id(stem: str, tokenizer: Any) -> int:
    """The id of a token made for the stem."""
    tokenizer.add_tokens([f"<|{stem}|>"], special_tokens=True)
    return int(tokenizer.convert_tokens_to_ids(f"<|{stem}|>"))


def align_start(config: PreTrainedConfig, tokenizer: PreTrainedTokenizerBase) -> None:
    """Give a writing decoder a first token where nothing names one: BERT's [CLS] or the padding."""
    named = (
        getattr(config, "decoder_start_token_id", None),
        getattr(text_part(config), "bos_token_id", None),
    )
    if config.is_encoder_decoder and named == (None, None):
        start = tokenizer.cls_token_id
        config.decoder_start_token_id = tokenizer.pad_token_id if start is None else start


POSITIONS = (
    "max_position_embeddings",
    "max_encoder_position_embeddings",
    "max_source_positions",
    "max_target_positions",
    "n_positions",
    "n_ctx",
)
OFFSET = re.compile(r"create_position_ids_from_input_ids|padding_idx \+ 1")


def align_length(
    config: PreTrainedConfig,
    tokenizer: PreTrainedTokenizerBase,
    model_source: str,
    overrides: dict[str, Any],
) -> None:
    """Tell the tokenizer how many tokens the text model takes, so that truncation fits it.

    RoBERTa and its kin count positions from behind the padding token's id: that many are lost.
    """
    lengths = [
        value
        for node in text_nodes(config, overrides.get("text_nodes"))
        for name in POSITIONS
        if isinstance(value := getattr(node, name, None), int) and value > 1
    ]
    if lengths:
        lost = (tokenizer.pad_token_id or 0) + 1 if OFFSET.search(model_source) else 0
        tokenizer.model_max_length = min(lengths) - lost
