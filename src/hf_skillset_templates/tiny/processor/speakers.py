"""The speaker embeddings that a model loads from a separate file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedConfig

REFERENCE_FRAMES = 30


def save_speakers(config: PreTrainedConfig, speakers: dict[str, Any], folder: Path) -> None:
    """Silent voices of the sizes that the vocoder takes; `speakers` are their file and names."""
    sizes = config.token2wav_config.dit_config
    voice = {
        "bos_token": config.talker_config.tts_text_start_token_id,
        "cond": torch.zeros(1, sizes.enc_emb_dim),
        "ref_mel": torch.zeros(1, REFERENCE_FRAMES, sizes.mel_dim),
    }
    torch.save({name: voice for name in speakers["names"]}, folder / speakers["file"])
