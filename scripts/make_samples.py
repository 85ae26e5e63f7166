"""Draw and synthesise the sample inputs in task_variants/_samples/ (Apache-2.0).

    python scripts/make_samples.py

Requires numpy, pillow, soundfile and av. Images and audio are deterministic.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import soundfile
from PIL import Image, ImageDraw, ImageFont

SAMPLES = Path(__file__).resolve().parent.parent / "task_variants" / "_samples"
RATE = 16_000
VOWELS = {"a": (730, 1090), "i": (270, 2290), "u": (300, 870), "e": (530, 1840)}
"""First two formants in Hz (Peterson and Barney, 1952, adult male means)."""


def scene(sun: tuple[int, int], sail: int, size: tuple[int, int] = (96, 72)) -> Image.Image:
    """A boat on the sea under a sun at `sun`, its sail at x = `sail` (pixels)."""
    width, height = size
    image = Image.new("RGB", size, (150, 200, 240))
    draw = ImageDraw.Draw(image)
    draw.rectangle([0, height * 2 // 3, width, height], fill=(30, 80, 140))
    draw.ellipse([sun[0] - 9, sun[1] - 9, sun[0] + 9, sun[1] + 9], fill=(250, 220, 80))
    deck = height * 2 // 3
    draw.polygon([(sail, deck - 34), (sail, deck - 4), (sail + 20, deck - 4)], fill=(245, 245, 240))
    draw.polygon(
        [(sail - 14, deck - 2), (sail + 24, deck - 2), (sail + 16, deck + 8), (sail - 8, deck + 8)],
        fill=(150, 60, 40),
    )
    return image


def page(lines: list[str], size: tuple[int, int]) -> Image.Image:
    """Black text on white."""
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    for row, line in enumerate(lines):
        draw.text((8, 8 + 16 * row), line, fill="black", font=ImageFont.load_default(12))
    return image


def table() -> Image.Image:
    """A ruled table of three columns and rows."""
    image = page([], (192, 96))
    draw = ImageDraw.Draw(image)
    cells = [["Port", "Boats", "Crew"], ["Aber", "12", "40"], ["Brae", "7", "19"]]
    for row, line in enumerate(cells):
        for column, text in enumerate(line):
            left, top = 8 + 58 * column, 8 + 26 * row
            draw.rectangle([left, top, left + 58, top + 26], outline="black")
            draw.text((left + 6, top + 6), text, fill="black", font=ImageFont.load_default(12))
    return image


def vowels(text: str, pitch: float, seconds: float = 0.25) -> np.ndarray:
    """Speech-like audio: a pulse train at `pitch` Hz with the formants of each vowel of `text`."""
    time = np.arange(int(RATE * seconds)) / RATE
    envelope = np.hanning(len(time))
    sounds = []
    for vowel in text:
        harmonics = np.arange(pitch, 4000, pitch)
        gains = sum(np.exp(-(((harmonics - formant) / 120) ** 2)) for formant in VOWELS[vowel])
        sounds.append(envelope * (gains @ np.sin(2 * np.pi * np.outer(harmonics, time))))
    wave = np.concatenate(sounds)
    scaled: np.ndarray = 0.6 * wave / np.abs(wave).max()
    return scaled.astype(np.float32)


def melody() -> np.ndarray:
    """Four decaying tones."""
    time = np.arange(RATE // 4) / RATE
    tones = [np.sin(2 * np.pi * hertz * time) * np.exp(-6 * time) for hertz in (262, 330, 392, 523)]
    wave: np.ndarray = 0.6 * np.concatenate(tones)
    return wave.astype(np.float32)


def rhythm(beats_per_minute: int, seconds: float = 3.0) -> np.ndarray:
    """A drum over a low tone: music in which a beat can be heard."""
    time = np.arange(int(RATE * seconds)) / RATE
    since_beat = time % (60 / beats_per_minute)
    drum = np.sin(2 * np.pi * 100 * since_beat) * np.exp(-50 * since_beat)
    wave: np.ndarray = 0.6 * drum + 0.2 * np.sin(2 * np.pi * 220 * time)
    return wave.astype(np.float32)


def write_video(path: Path, start: int, frames: int = 16, frames_per_second: int = 8) -> None:
    """A short MP4 of the boat crossing the bay."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=Fraction(frames_per_second))
        stream.width, stream.height, stream.pix_fmt = 96, 72, "yuv420p"
        for index in range(frames):
            image = scene((70, 16), start + 2 * index)
            container.mux(stream.encode(av.VideoFrame.from_image(image)))
        container.mux(stream.encode())


def main() -> None:
    """Write every sample."""
    SAMPLES.mkdir(parents=True, exist_ok=True)
    scene((20, 16), 50).save(SAMPLES / "image.jpg", quality=85)
    scene((76, 20), 24).save(SAMPLES / "other_image.jpg", quality=85)
    mask = Image.new("L", (96, 72), 0)
    ImageDraw.Draw(mask).rectangle([36, 12, 76, 58], fill=255)
    mask.save(SAMPLES / "mask.png")
    invoice = ["Invoice 204", "Date: 3 May", "Total: 42 pounds"]
    page(invoice, (160, 72)).save(SAMPLES / "document.png")
    page(["The boat sails at nine."], (160, 32)).save(SAMPLES / "text_line.png")
    table().save(SAMPLES / "table.png")
    soundfile.write(SAMPLES / "speech.wav", vowels("aiue", 120), RATE, subtype="PCM_16")
    soundfile.write(SAMPLES / "other_speech.wav", vowels("uea", 180), RATE, subtype="PCM_16")
    soundfile.write(SAMPLES / "music.wav", melody(), RATE, subtype="PCM_16")
    soundfile.write(SAMPLES / "rhythm.wav", rhythm(120), RATE, subtype="PCM_16")
    soundfile.write(SAMPLES / "slow_rhythm.wav", rhythm(90), RATE, subtype="PCM_16")
    write_video(SAMPLES / "video.mp4", 16)
    write_video(SAMPLES / "other_video.mp4", 30)


if __name__ == "__main__":
    main()
