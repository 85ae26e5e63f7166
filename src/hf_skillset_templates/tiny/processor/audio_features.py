"""Feature extractors with the sizes of the tiny model."""

from __future__ import annotations

import inspect
from typing import Any

from transformers import PreTrainedConfig

from hf_skillset_templates.tiny.configs import first_value, nodes

AUDIO = ("audio", "speech", "sound", "encoder")
# What a feature extractor calls by another name than the configuration.
SAME = {
    "feature_size": (
        "num_mel_bins",
        "input_feat_per_channel",
        "n_mels",
        "feature_size",
        "input_feat_size",
        "audio_channels",
    ),
    "num_mel_bins": ("num_mel_bins", "n_mels", "input_feat_per_channel"),
    "n_mels": ("num_mel_bins", "n_mels"),
    "sampling_rate": ("sampling_rate", "sample_rate"),
    "hop_length": ("hop_length",),
    "max_length": ("max_length",),
}
# Seconds that models with a fixed window listen for.
WINDOW_SECONDS = 2


def build_feature_extractor(
    extractor_class: type, config: PreTrainedConfig, options: dict[str, Any] | None = None
) -> Any:
    """A feature extractor whose output has the size that the model takes."""
    options = dict(options or {})
    parameters = inspect.signature(extractor_class).parameters
    settings = {}
    for name in SAME.keys() & parameters.keys():
        value = first_value(config, SAME[name], AUDIO)
        default = parameters[name].default
        if (
            isinstance(value, (int, float))
            and isinstance(default, (int, float))
            and not _is_mono(name, default, value)
        ):
            settings[name] = value
    if "chunk_length" in parameters and _has_fixed_window(config):
        settings["chunk_length"] = WINDOW_SECONDS
    extractor = extractor_class(**{**settings, **options})
    _align_window(config, extractor)
    _align_projection(config, extractor)
    return extractor


def _is_mono(name: str, default: Any, value: Any) -> bool:
    """Whether a feature size is that of a raw waveform (1), not a number of mel bins."""
    return name == "feature_size" and default == 1 and value > 2


def _has_fixed_window(config: PreTrainedConfig) -> bool:
    return any(getattr(node, "max_source_positions", None) for _, node in nodes(config))


def _align_window(config: PreTrainedConfig, extractor: Any) -> None:
    """Give the encoder as many positions as the window has frames, halved by its convolutions."""
    frames = getattr(extractor, "nb_max_frames", None)
    if not frames:
        return
    for _, node in nodes(config):
        if getattr(node, "max_source_positions", None) and getattr(node, "num_mel_bins", None):
            node.max_source_positions = frames // 2


def _align_projection(config: PreTrainedConfig, extractor: Any) -> None:
    """Widen the first layer of encoders that stack several frames."""
    stride = getattr(extractor, "stride", None)
    for _, node in nodes(config):
        if stride and hasattr(node, "feature_projection_input_dim"):
            node.feature_projection_input_dim = extractor.feature_size * stride


def align_codec(config: PreTrainedConfig) -> None:
    """Fit a codec to its surrounding model: vector width and generated codes."""
    for _, node in nodes(config):
        if hasattr(node, "vector_quantization_hidden_dimension"):
            node.vector_quantization_hidden_dimension = node.codebook_dim
    codec: Any = getattr(config, "codec_config", None) or getattr(config, "audio_encoder", None)
    codes = getattr(getattr(config, "decoder", config), "vocab_size", None)
    if codes and not hasattr(config, "codebook_vocab_size") and hasattr(codec, "codebook_size"):
        power = 1 << (codes - 1).bit_length()  # some codecs support no other number
        codec.codebook_size = max(codec.codebook_size, power)
