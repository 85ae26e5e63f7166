"""Numbers of images, videos and audio: what is unambiguous is converted, the rest refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hf_skillset_runtime.media.audio import load_audio
from hf_skillset_runtime.media.image import load_image
from hf_skillset_runtime.media.video import load_video

RAMP = np.linspace(0.0, 1.0, 256).reshape(16, 16)
BYTES = np.rint(RAMP * 255).astype(np.uint8)


@pytest.mark.parametrize(
    "values",
    [
        BYTES,
        RAMP,
        RAMP.astype(np.float32),
        np.rint(RAMP * 65535).astype(np.uint16),
        BYTES.astype(np.int32),
        BYTES[:, :, None],
        np.stack([BYTES] * 3, axis=-1),
        np.stack([RAMP] * 3, axis=-1),
    ],
)
def test_arrays_of_every_range_give_one_image(values: np.ndarray) -> None:
    result = np.asarray(load_image(values))
    assert result.shape == (16, 16, 3)
    assert np.abs(result[..., 0].astype(int) - BYTES).max() <= 1


@pytest.mark.parametrize("name", ["image.png", "image.tiff"])
def test_files_of_16_bits_are_scaled(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    Image.fromarray(np.rint(RAMP * 65535).astype(np.uint16)).save(path)
    for given in (path, str(path), path.read_bytes(), Image.open(path)):
        result = np.asarray(load_image(given))[..., 0]
        assert np.abs(result.astype(int) - BYTES).max() <= 1


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (RAMP * 300, "use floats from 0 to 1"),
        (RAMP - 0.5, "use floats from 0 to 1"),
        (np.full((4, 4), np.nan), "use floats from 0 to 1"),
        ((RAMP * 70000).astype(np.int32), "ambiguous range"),
        (np.zeros((4, 4, 2), np.uint8), "expected an image array"),
        (np.zeros((0, 4), np.uint8), "expected an image array"),
    ],
)
def test_ambiguous_images_are_refused(values: np.ndarray, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        load_image(values)


def test_videos_have_the_ranges_of_images() -> None:
    frames = np.stack([np.stack([RAMP] * 3, axis=-1)] * 2)
    expected = np.stack([np.stack([BYTES] * 3, axis=-1)] * 2)
    for given in (frames, np.rint(frames * 65535).astype(np.uint16), list(frames)):
        actual = load_video(given)
        assert actual.dtype == np.uint8
        assert np.abs(actual.astype(int) - expected).max() <= 1
    with pytest.raises(ValueError, match="use floats from 0 to 1"):
        load_video(frames * 255)


def test_integer_samples_are_scaled_by_their_type() -> None:
    wave = 0.9 * np.sin(np.linspace(0, 20, 400))
    for kind in (np.int16, np.int32):
        result = load_audio((wave * np.iinfo(kind).max).astype(kind), 16000)
        np.testing.assert_allclose(result, wave, atol=1e-4)
    unsigned = np.rint(wave * 127 + 128).astype(np.uint8)
    np.testing.assert_allclose(load_audio(unsigned, 16000), wave, atol=0.02)


@pytest.mark.parametrize(
    ("samples", "error"),
    [
        (np.array([1.0, np.nan]), ValueError),
        (np.zeros((2, 3, 4)), ValueError),
        (np.zeros(0), ValueError),
        (np.array([1000, 2000], np.int64), ValueError),
        (np.array(["a"]), TypeError),
    ],
)
def test_audio_at_fault_is_refused(samples: np.ndarray, error: type[Exception]) -> None:
    with pytest.raises(error):
        load_audio(samples, 16000)
