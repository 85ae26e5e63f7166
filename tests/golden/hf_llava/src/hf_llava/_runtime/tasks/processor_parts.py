# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""The parts of a processor: attribute name, auto class and modality."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """One type of part: its auto class, the base of its classes and its modality."""

    auto_class: str
    base_class: str
    medium: str
    """Key of its input in a sample."""


PARTS = {
    "tokenizer": Part("AutoTokenizer", "PreTrainedTokenizerBase", "text"),
    "image_processor": Part("AutoImageProcessor", "BaseImageProcessor", "images"),
    "feature_extractor": Part("AutoFeatureExtractor", "FeatureExtractionMixin", "audio"),
    "video_processor": Part("AutoVideoProcessor", "BaseVideoProcessor", "videos"),
}
"""Processor attribute (also the argument of `pipeline`) -> part."""

AUTO_CLASSES = {
    **{name: part.auto_class for name, part in PARTS.items()},
    "processor": "AutoProcessor",
}
"""Processor name in `variant.yml` -> auto class that loads it."""
