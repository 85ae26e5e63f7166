"""The processing classes that transformers' auto mappings name for a model type."""

from __future__ import annotations

from functools import cache

AUTO_CLASSES = {
    "tokenizer": "AutoTokenizer",
    "image_processor": "AutoImageProcessor",
    "feature_extractor": "AutoFeatureExtractor",
    "video_processor": "AutoVideoProcessor",
    "processor": "AutoProcessor",
}
"""Part -> the auto class that loads it; the combined processor comes last."""
PARTS = tuple(AUTO_CLASSES)


@cache
def part_classes() -> dict[str, dict[str, dict[str, str]]]:
    """Part -> model type -> {backend: class name}; the backend is '' where there is one class."""
    from transformers.models.auto import (
        feature_extraction_auto,
        image_processing_auto,
        processing_auto,
        tokenization_auto,
        video_processing_auto,
    )

    tables = {
        "tokenizer": tokenization_auto.TOKENIZER_MAPPING_NAMES,
        "image_processor": image_processing_auto.IMAGE_PROCESSOR_MAPPING_NAMES,
        "feature_extractor": feature_extraction_auto.FEATURE_EXTRACTOR_MAPPING_NAMES,
        "video_processor": video_processing_auto.VIDEO_PROCESSOR_MAPPING_NAMES,
        "processor": processing_auto.PROCESSOR_MAPPING_NAMES,
    }
    return {
        part: {key: _by_backend(value) for key, value in dict(table).items()}
        for part, table in tables.items()
    }


def _by_backend(value: object) -> dict[str, str]:
    if isinstance(value, dict):
        return {backend: name for backend, name in sorted(value.items()) if name}
    if isinstance(value, (tuple, list)):
        return {"": next(name for name in value if name)}
    return {"": str(value)} if value else {}


def processor_classes(model_type: str) -> dict[str, dict[str, str]]:
    """Part (tokenizer, image_processor, …) -> {backend: class}, those that a mapping names."""
    classes_of = {part: table.get(model_type, {}) for part, table in part_classes().items()}
    return {part: classes for part, classes in classes_of.items() if classes}


def has_part(model_type: str, part: str) -> bool:
    """Whether a model type has its own part; `no_processor` requires none."""
    parts = processor_classes(model_type)
    return not parts if part == "no_processor" else part in parts
