# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
"""The parts of a processor: what each is called, loaded with and used for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """One kind of part: its auto class, the base of its classes and the media that it takes."""

    auto_class: str
    base_class: str
    medium: str
    """The kind of input that it takes, as a sample names it."""


PARTS = {
    "tokenizer": Part("AutoTokenizer", "PreTrainedTokenizerBase", "text"),
    "image_processor": Part("AutoImageProcessor", "BaseImageProcessor", "images"),
    "feature_extractor": Part("AutoFeatureExtractor", "FeatureExtractionMixin", "audio"),
    "video_processor": Part("AutoVideoProcessor", "BaseVideoProcessor", "videos"),
}
"""By the name of a processor's attribute, which is also the name of `pipeline`'s argument."""

AUTO_CLASSES = {
    **{name: part.auto_class for name, part in PARTS.items()},
    "processor": "AutoProcessor",
}
"""What loads the processor that a task names in `variant.yml`."""
