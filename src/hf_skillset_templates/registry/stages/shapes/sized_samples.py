"""A task's sample at other sizes: more words, larger images, longer audio, more frames."""

from __future__ import annotations

from typing import Any

from hf_skillset_templates.registry.store.paths import VARIANTS

ASSET = "asset:"
SAMPLES = VARIANTS / "_samples"
# How much a sample grows along one axis; the first is the sample as it is.
SCALES = (1.0, 1.5, 2.0)
_BOXES = {"boxes", "word_boxes", "visual_pos"}
# Strings that mean something as they are.
_FIXED_KEYS = {"type", "foldseek", "aa_seq", "role"}
SUFFIXES = {"image": (".jpg", ".png"), "audio": (".wav",), "video": (".mp4",)}


def axes_of(sample: Any) -> list[str]:
    """The axes along which a sample can grow."""
    axes: list[str] = []
    for leaf, key in leaves(sample):
        kind = kind_of(leaf, key)
        names = ["height", "width"] if kind == "image" else [kind] if kind else []
        axes += [name for name in names if name not in axes]
    return axes


def leaves(sample: Any, key: str = "") -> list[tuple[Any, str]]:
    """The innermost values of a sample with their keys."""
    if isinstance(sample, dict):
        return [leaf for name, value in sample.items() for leaf in leaves(value, name)]
    if isinstance(sample, list) and not is_series(sample):
        return [leaf for value in sample for leaf in leaves(value, key)]
    return [(sample, key)]


def is_series(value: Any) -> bool:
    """Whether a value is a list of numbers."""
    return isinstance(value, list) and all(isinstance(item, (int, float)) for item in value)


def kind_of(leaf: Any, key: str) -> str | None:
    """The kind of an innermost value: text, image, audio, video or series; None if it is fixed."""
    if isinstance(leaf, str):
        if not leaf.startswith(ASSET):
            return None if key in _FIXED_KEYS else "text"
        return next((kind for kind, ends in SUFFIXES.items() if leaf.endswith(ends)), None)
    return "series" if is_series(leaf) and key not in _BOXES else None


def scaled(sample: Any, sizes: dict[str, float], key: str = "") -> Any:
    """The sample with every innermost value scaled."""
    if isinstance(sample, dict):
        return {name: scaled(value, sizes, name) for name, value in sample.items()}
    if isinstance(sample, list) and not is_series(sample):
        return [scaled(value, sizes, key) for value in sample]
    kind = kind_of(sample, key)
    if kind == "text":
        words = sample.split()
        return " ".join(repeated(words, sizes.get("text", 1.0)))
    if kind == "series":
        return repeated(sample, sizes.get("series", 1.0))
    if kind == "image":
        return image(sample, sizes.get("width", 1.0), sizes.get("height", 1.0))
    if kind == "audio":
        return sound(sample, sizes.get("audio", 1.0))
    return frames(sample, sizes.get("video", 1.0)) if kind == "video" else sample


def repeated(items: list[Any], scale: float) -> list[Any]:
    """The items, repeated and cut to `scale` times as many."""
    count = round(len(items) * scale)
    return (items * (count // len(items) + 1))[:count] if scale > 1 else items


def image(asset: str, width: float, height: float) -> Any:
    """A resized image."""
    from PIL import Image

    image = Image.open(SAMPLES / asset.removeprefix(ASSET))
    image.load()
    size = (round(image.width * width), round(image.height * height))
    return image if size == image.size else image.resize(size)


def sound(asset: str, scale: float) -> dict[str, Any]:
    """Audio, repeated and cut to `scale` times its length."""
    import numpy as np
    import soundfile

    samples, rate = soundfile.read(SAMPLES / asset.removeprefix(ASSET), dtype="float32")
    return {"array": np.resize(samples, round(len(samples) * scale)), "sampling_rate": rate}


def frames(asset: str, scale: float) -> Any:
    """The frames of a video, repeated and cut to `scale` times as many."""
    import av

    with av.open(str(SAMPLES / asset.removeprefix(ASSET))) as container:
        images = [frame.to_image() for frame in container.decode(video=0)]
    return repeated(images, scale)
