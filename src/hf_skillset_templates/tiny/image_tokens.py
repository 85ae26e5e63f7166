"""How many embeddings a picture becomes: measured on the tiny model, then told to the processor."""

from __future__ import annotations

import copy
import inspect
from typing import Any

import torch
from transformers import PreTrainedConfig

from hf_skillset_templates.tiny.architectures import class_names, model_class
from hf_skillset_templates.tiny.encodings import picture

# What processors call the number of embeddings of one picture (or one tile of it).
COUNTS = (
    "image_seq_len",
    "image_seq_length",
    "num_image_tokens",
    "num_query_tokens",
    "image_token_num",
    "num_image_token",
)
ASKED = "image_processor.image_seq_length"


def image_token_settings(
    model_type: str, config: PreTrainedConfig, processor_class: type, image_processor: Any
) -> dict[str, int]:
    """The number under the name that the processor's constructor has for it.

    Some processors ask their image processor instead: it is written there.
    """
    parameters = inspect.signature(processor_class).parameters
    name = next((name for name in COUNTS if name in parameters), None)
    asks = ASKED in inspect.getsource(processor_class)
    if name is None and not asks:
        return {}
    count = measured_count(model_type, config, image_processor)
    if count is None:
        return {}
    if asks:
        image_processor.image_seq_length = count
    return {name: count} if name else {}


def measured_count(model_type: str, config: PreTrainedConfig, image_processor: Any) -> int | None:
    """Embeddings per picture or tile, as the model's vision tower returns them."""
    model = _model_with_image_features(model_type, config)
    if model is None:
        return None
    pixels = image_processor(picture(), return_tensors="pt")
    accepted = inspect.signature(model.get_image_features).parameters
    pixels = {name: value for name, value in pixels.items() if name in accepted}
    with torch.no_grad():
        features = model.get_image_features(**pixels)
    features = getattr(features, "pooler_output", features)
    if isinstance(features, (list, tuple)):
        features = features[0]
    return features.shape[-2] if isinstance(features, torch.Tensor) and features.ndim > 1 else None


def _model_with_image_features(model_type: str, config: PreTrainedConfig) -> Any:
    classes = (model_class(name) for name in class_names(model_type))
    wanted = next((cls for cls in classes if hasattr(cls, "get_image_features")), None)
    return wanted(copy.deepcopy(config)).eval() if wanted else None
