"""The kind of a failure: what its error comes from, by its text."""

from __future__ import annotations

import re

KINDS = (
    ("time", r"^no result after"),
    ("crash", r"^process ended"),
    ("operator", r"operators refused: (?!none)"),
    ("compiler", r"^CompileError|EPFail|EP_FAIL"),
    (
        "converter",
        r"^ConversionError|openvino|OpConversionFailure|ONNXRuntimeError|ShapeInferenceError|onnx",
    ),
    (
        "exporter",
        r"^ExportError|torch\.export|NotImplementedError|GuardOnDataDependent|Unsupported",
    ),
    (
        "accuracy",
        r"^Error\(|^a (?:result|batch gives)|is off by|have a cosine|choices agree|integers differ",
    ),
)
"""What an error comes from, by its text; the first that fits."""
ON_CPU_TOO, OTHER = "fails on the CPU, too", "runtime"


def kind_of(error: str, fails_on_cpu: bool) -> str:
    """What a failure comes from; `fails_on_cpu` is true if the CPU fails at the same task, too."""
    if fails_on_cpu:
        return ON_CPU_TOO
    return next((name for name, pattern in KINDS if re.search(pattern, error)), OTHER)
