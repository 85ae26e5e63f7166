"""The modalities that a model type's processor accepts."""

from __future__ import annotations

from functools import cache

from hf_skillset_templates.registry.store.overrides import section

from .processors import processor_classes

MEDIA = {
    "image_processor": "image",
    "video_processor": "video",
    "feature_extractor": "audio",
    "audio_processor": "audio",
}
"""By the name of a processor's part the kind of media that it takes."""


def taken_kinds(model_type: str, kinds: list[str]) -> list[str]:
    """Those of a task's kinds of input that the model type takes.

    The parts of the class that combines them decide. Where no auto class and no correction names
    one, the parts that auto classes name do; where there is none of those either, all are taken.
    """
    media = {MEDIA[part] for part in _parts(model_type) if part in MEDIA}
    if not media or len(media & set(kinds)) == 0:
        return kinds
    return [kind for kind in kinds if kind not in MEDIA.values() or kind in media]


@cache
def _parts(model_type: str) -> tuple[str, ...]:
    """The parts of a model type's processor."""
    import transformers

    classes = processor_classes(model_type)
    named = next(iter(classes.get("processor", {}).values()), None)
    name = named or section(model_type, "processor").get("processor")
    if name is None:
        return tuple(classes)
    return tuple(getattr(transformers, name).get_attributes())
