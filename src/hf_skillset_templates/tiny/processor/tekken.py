"""Mistral's own tokenizer file, for processors that accept no other tokenizer."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from transformers import PreTrainedTokenizerBase

BYTES = 256
SPECIAL = 40
# Required tokens of the file; processors use some of them by these ids.
TOKENS = {
    0: "<unk>",
    1: "<s>",
    2: "</s>",
    3: "[INST]",
    4: "[/INST]",
    5: "[AVAILABLE_TOOLS]",
    6: "[/AVAILABLE_TOOLS]",
    7: "[TOOL_RESULTS]",
    8: "[/TOOL_RESULTS]",
    9: "[TOOL_CALLS]",
    10: "[IMG]",
    11: "<pad>",
    12: "[IMG_BREAK]",
    13: "[IMG_END]",
    14: "[PREFIX]",
    15: "[MIDDLE]",
    16: "[SUFFIX]",
    17: "[SYSTEM_PROMPT]",
    18: "[/SYSTEM_PROMPT]",
    19: "[TOOL_CONTENT]",
    20: "[ARGS]",
    21: "[CALL_ID]",
    24: "[AUDIO]",
    25: "[BEGIN_AUDIO]",
    32: "[STREAMING_PAD]",
    33: "[STREAMING_WORD]",
    34: "[TRANSCRIBE]",
}
SPECTROGRAM = {"num_mel_bins": 128, "hop_length": 160, "window_size": 400}


def build_tekken(workspace: Path, stated: dict[str, Any]) -> PreTrainedTokenizerBase:
    """A tokenizer of single bytes; `stated` are its `version` and `audio` settings."""
    from transformers.tokenization_mistral_common import MistralCommonBackend

    names = [TOKENS.get(rank, f"<SPECIAL_{rank}>") for rank in range(SPECIAL)]
    content = {
        "config": {
            "pattern": r"\p{L}+|\p{N}|[^\s\p{L}\p{N}]+|\s+",
            "num_vocab_tokens": BYTES,
            "default_vocab_size": BYTES + SPECIAL,
            "default_num_special_tokens": SPECIAL,
            "version": stated["version"],
        },
        "vocab": [
            {
                "rank": byte,
                "token_bytes": base64.b64encode(bytes([byte])).decode(),
                "token_str": None,
            }
            for byte in range(BYTES)
        ],
        "special_tokens": [
            {"rank": rank, "token_str": name, "is_control": True} for rank, name in enumerate(names)
        ],
        "audio": {"audio_encoding_config": SPECTROGRAM, **stated["audio"]},
    }
    workspace.mkdir(parents=True, exist_ok=True)
    path = workspace / "tekken.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return MistralCommonBackend(tokenizer_path=path)
