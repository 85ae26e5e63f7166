"""Runs a folder's lines in another process, and compares what they give with the model."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NOTED = """
def noted(value):
    return value.tolist() if hasattr(value, "tolist") else list(value)


kept = {f"inputs.{name}": np.asarray(value) for name, value in inputs.items()}
kept |= {f"outputs.{name}": value for name, value in globals().get("outputs", {}).items()}
np.savez(__import__("sys").argv[1], tokens=globals().get("tokens", []), **kept)
print(json.dumps(globals().get("answer"), default=noted))
"""
SECONDS = 600
NEAR = 0.02
"""Mean difference of inputs that another library's resizing or Fourier transform explains."""


@dataclass(frozen=True)
class Ran:
    """What lines gave."""

    answer: Any
    arrays: Mapping[str, Any]
    """`tokens`, and the arrays `inputs.<name>` and `outputs.<name>`."""

    def of(self, prefix: str) -> dict[str, Any]:
        """The arrays whose names begin so, without the prefix."""
        found = {name: value for name, value in self.arrays.items() if name.startswith(prefix)}
        return {name.removeprefix(prefix): value for name, value in found.items()}


def run_lines(lines: str, folder: Path) -> Ran:
    """Run the lines in a folder, by this Python.

    Raises:
        ValueError: they end with an error; the message has its last line.
    """
    import numpy as np

    with tempfile.TemporaryDirectory() as temporary:
        arrays = Path(temporary) / "arrays.npz"
        command = [sys.executable, "-c", lines + NOTED, str(arrays)]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=SECONDS)
        if done.returncode:
            raise ValueError(f"its lines fail: {last_words(done.stderr)}")
        with np.load(arrays) as stored:
            return Ran(json.loads(done.stdout.splitlines()[-1]), dict(stored))


def last_words(text: str) -> str:
    """The message of the error that ended a process, without its traceback."""
    lines = text.strip().splitlines()
    frames = [index for index, line in enumerate(lines) if line.startswith("  ")]
    return " ".join(lines[frames[-1] + 1 if frames else 0 :])[:500]


def largest_error(actual: Mapping[str, Any], expected: Mapping[str, Any]) -> float:
    """Largest difference of the floats of equal names; relative to magnitudes above 1.

    Infinite if shapes differ or no output has the name of another.
    """
    import numpy as np

    errors = []
    for name in actual.keys() & expected.keys():
        ours, theirs = actual[name], np.asarray(expected[name])
        if theirs.dtype.kind != "f" or not theirs.size:
            continue
        if ours.shape != theirs.shape:
            return float("inf")
        scale = max(1.0, float(np.abs(theirs).max()))
        errors.append(float(np.abs(ours - theirs).max()) / scale)
    return max(errors, default=float("inf"))


def near_inputs(actual: Mapping[str, Any], expected: Mapping[str, Any]) -> bool:
    """Whether lines make the inputs that the processor makes; it may leave out some of them."""
    import numpy as np

    return all(
        name in actual
        and actual[name].shape == np.shape(value)
        and float(np.abs(actual[name] - np.asarray(value, np.float64)).mean()) < NEAR
        for name, value in expected.items()
    )


def same_answer(actual: Any, expected: Any) -> bool:
    """Whether an answer is the task's: a label with its score, or a vector."""
    import numpy as np

    if isinstance(actual, dict) and isinstance(expected, dict):
        near = abs(actual.get("score", np.nan) - expected.get("score", np.inf)) < NEAR
        return bool(near and actual.get("label") == expected.get("label"))
    ours, theirs = (np.ravel(np.asarray(value, np.float64)) for value in (actual, expected))
    return ours.shape == theirs.shape and np.allclose(ours, theirs, atol=1e-3)
