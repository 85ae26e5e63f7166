# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""One input in several forms: each is encoded to the same tensors.

A picture as a file, an image, an array, and rotated with EXIF data that says so; a recording as a
file, a dict, in stereo and at twice its rate; a series with what a model's window leaves out.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..compare.outputs import encode, numbers

if TYPE_CHECKING:
    from ..serving.endpoint import EndpointHandler
    from ..tasks.encoded import Encoded

IMAGES, RECORDINGS = (".jpg", ".jpeg", ".png"), (".wav", ".flac")
SAME = 1e-6
SIMILAR = 0.95
"""Lowest correlation of the features of a recording and of the resampled one."""
ROUNDED = 1e-3
"""Tolerance for features of a recording whose samples were rounded, to their spread."""
UPSIDE_DOWN = 3
"""The EXIF orientation of an image that is stored rotated by 180 degrees."""
LONGER = 600
"""A series of at least that many values exceeds most windows."""
UNSEEN = 5
"""Number of values that were not observed."""


def unlike_forms(handler: EndpointHandler, sample: Any) -> str:
    """A form of a sample that is encoded to other tensors; empty if there is none."""
    if is_series(sample):
        return unlike_series(handler, [float(value) for value in sample])
    paths = list(media_in(sample))
    if not paths:
        return ""
    encoded = encode(handler, [sample])
    with tempfile.TemporaryDirectory() as folder:
        for name, form in forms(paths[0], Path(folder)):
            try:
                other = encode(handler, [replaced(sample, paths[0], form)])
            except (TypeError, ValueError):
                continue  # the task does not take this form
            close = correlated if "rate" in name else rounded if "stereo" in name else same
            if not alike(encoded, other, close):
                return f"the same input as {name} is encoded to something else"
    return ""


def is_series(sample: Any) -> bool:
    """Whether a sample is a list of numbers."""
    return isinstance(sample, list) and all(isinstance(value, (int, float)) for value in sample)


def media_in(sample: Any) -> Iterator[str]:
    """The paths of the pictures and recordings in a sample, at any depth."""
    if isinstance(sample, str):
        if sample.lower().endswith((*IMAGES, *RECORDINGS)):
            yield sample
    elif isinstance(sample, dict):
        for value in sample.values():
            yield from media_in(value)
    elif isinstance(sample, list):
        for value in sample:
            yield from media_in(value)


def replaced(sample: Any, path: str, form: Any) -> Any:
    """A sample with another form of the medium at `path`."""
    if isinstance(sample, dict):
        return {key: replaced(value, path, form) for key, value in sample.items()}
    if isinstance(sample, list):
        return [replaced(value, path, form) for value in sample]
    return form if isinstance(sample, str) and sample == path else sample


def forms(path: str, folder: Path) -> Iterator[tuple[str, Any]]:
    """Other forms of a medium, by name."""
    yield from (picture_forms if path.lower().endswith(IMAGES) else recording_forms)(path, folder)


def picture_forms(path: str, folder: Path) -> Iterator[tuple[str, Any]]:
    """A picture as an image, an array and a rotated file."""
    import numpy as np
    from PIL import Image

    with Image.open(path) as opened:
        image = opened.convert("RGB")
    yield "a PIL image", image
    yield "an array", np.asarray(image)
    exif = Image.Exif()
    exif[0x0112] = UPSIDE_DOWN
    stored = folder / "rotated.png"
    image.transpose(Image.Transpose.ROTATE_180).save(stored, exif=exif)
    yield "a file that its EXIF data rotates", str(stored)


def recording_forms(path: str, folder: Path) -> Iterator[tuple[str, Any]]:
    """A recording as dicts, in stereo, and at twice its rate."""
    import numpy as np
    import soundfile

    waveform, rate = soundfile.read(path, dtype="float32")
    mono = waveform.mean(axis=-1) if waveform.ndim > 1 else waveform
    yield "an array", {"array": mono, "sampling_rate": rate}
    yield "raw samples", {"raw": mono, "sampling_rate": rate}
    apart = 0.1 * np.cos(np.arange(len(mono), dtype=np.float32))
    both = np.stack([mono + apart, mono - apart])
    yield "a stereo recording", {"array": both, "sampling_rate": rate}
    spectrum = np.fft.rfft(mono)
    finer = np.fft.irfft(np.pad(spectrum, (0, len(mono) + 1 - len(spectrum))), 2 * len(mono)) * 2
    yield (
        "a recording at twice the rate",
        {
            "array": finer.astype(np.float32),
            "sampling_rate": 2 * rate,
        },
    )


def alike(one: list[Encoded], other: list[Encoded], close: Callable[[Any, Any], bool]) -> bool:
    """Whether two encodings have the same inputs."""
    if len(one) != len(other):
        return False
    for ours, theirs in zip(one, other):
        arrays, others = dict(numbers(ours.inputs)), dict(numbers(theirs.inputs))
        if set(arrays) != set(others):
            return False
        for name, array in arrays.items():
            if array.shape != others[name].shape or not close(array, others[name]):
                return False
    return True


def same(one: Any, other: Any) -> bool:
    """Whether two arrays are equal."""
    import numpy as np

    return bool(np.allclose(one, other, rtol=SAME, atol=SAME, equal_nan=True))


def rounded(one: Any, other: Any) -> bool:
    """Whether two arrays are equal on average, by rounded samples."""
    import numpy as np

    spread = float(np.std(one)) or 1.0
    return bool(np.abs(one.astype(float) - other).mean() <= ROUNDED * spread)


def correlated(one: Any, other: Any) -> bool:
    """Whether the values of two arrays rise and fall together."""
    import numpy as np

    ours, theirs = (array.astype(float).ravel() - array.mean() for array in (one, other))
    size = np.linalg.norm(ours) * np.linalg.norm(theirs)
    return bool(size == 0 or ours @ theirs / size >= SIMILAR)


def unlike_series(handler: EndpointHandler, values: list[float]) -> str:
    """What is wrong with the window that a model gets of a series; empty if nothing is.

    Only for models with a window of fixed length.
    """

    def window(series: Any) -> list[Encoded] | None:
        try:
            return encode(handler, [series])
        except (TypeError, ValueError):
            return None  # gaps, say, or more than the model can take

    whole = values * (LONGER // len(values) + 1)
    short, long = window(values), window(whole)
    earlier = window([9.0] * UNSEEN + whole)
    if short is None or long is None or earlier is None or sizes(long) != sizes(earlier):
        return ""
    if not alike(long, earlier, same):
        return "values before the window of a long series change what the model gets"
    last = window([*whole[:-1], whole[-1] + 1.0])
    if last is not None and alike(long, last, same):
        return "the last value of a long series changes nothing that the model gets"
    if not all(array.all() for array in masks(long)):
        return "values of a long series are masked, although all are observed"
    padded, gap = window([None] * UNSEEN + values), window([values[0], None, *values[2:]])
    filled = window([values[0], 0.0, *values[2:]])
    if padded is None or gap is None or filled is None or sizes(short) != sizes(long):
        return ""
    if not alike(short, padded, same):
        return "values that were not observed before a series change what the model gets"
    if masks(gap) and alike(gap, filled, same):
        return "a value that was not observed counts as 0"
    return ""


def sizes(calls: list[Encoded]) -> list[Any]:
    """The shapes of all inputs."""
    return [{name: array.shape for name, array in numbers(call.inputs)} for call in calls]


def masks(calls: list[Encoded]) -> list[Any]:
    """The masks among the inputs."""
    return [array for call in calls for name, array in numbers(call.inputs) if "mask" in name]


def dropped_input(handler: EndpointHandler, samples: list[Any]) -> str:
    """An input that the tokenizer makes and the model takes, but that it does not get."""
    from inspect import signature

    tokenizer = handler.processor
    if handler.spec.run != "forward" or not hasattr(tokenizer, "pad_token_id"):
        return ""  # what other processors make depends on the input
    names = tokenizer.model_input_names
    taken = signature(handler.endpoint.forward).parameters
    for call in encode(handler, samples[:1]):
        for name in names:
            if name in taken and name not in call.inputs:
                return f"the tokenizer makes {name}, and the model does not get it"
    return ""
