"""The dependencies of a model type, from transformers' own declarations and imports.

Sources: the backends that transformers declares per class (`define_import_structure`), the
imports of the files that define the model type's classes (imports.py), and the lower bounds of
`transformers.dependency_versions_table`. The libraries that read a task's inputs are not included:
they depend on the tasks of a package (task_variants/_inputs/requirements.json).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

from .imports import Needs, needs_of
from .source_files import class_files, files_of, method, package, transformers_version

# Installed with transformers, or not a separate package.
_WITH_TRANSFORMERS = {
    "huggingface_hub", "packaging", "pyyaml", "regex", "requests", "safetensors", "tokenizers",
    "tqdm", "typing_extensions", "yaml",
}  # fmt: skip
# Training, quantization and scoring of data sets: no model type needs them to run.
_NOT_FOR_RUNNING = {
    "accelerate",
    "bitsandbytes",
    "datasets",
    "deepspeed",
    "faiss",
    "peft",
    "pycocotools",
}
# Import or backend name -> name on the package index, where they differ.
_PIP = {
    "PIL": "pillow",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python",
    "detectron2": "detectron2 @ git+https://github.com/facebookresearch/detectron2.git",
    "g2p_en": "g2p-en",
    "levenshtein": "python-Levenshtein",
    "Levenshtein": "python-Levenshtein",
    "mistral_common": "mistral-common",
    "natten": "natten<0.20",  # docs/upstream/dinat-natten-names.md
    "speech": "torchaudio",
    "vision": "pillow",
}
# Package -> programs of the operating system that it calls.
_SYSTEM = {"phonemizer": ["espeak-ng"], "pytesseract": ["tesseract-ocr"]}
_BASE = ("torch", "transformers", "numpy")


@cache
def python_versions() -> str:
    """The Python versions that transformers itself takes."""
    return metadata("transformers")["Requires-Python"]


@cache
def _bounds() -> dict[str, str]:
    """Package -> its lower bound in transformers' table; extras and upper bounds are left out."""
    from transformers.dependency_versions_table import deps

    bounds = {}
    for requirement in deps.values():
        name = re.split(r"[\[<>=!~]", requirement)[0]
        lower = re.findall(r">=[\w.]+", requirement)
        bounds[name.lower()] = lower[0] if lower else ""
    return bounds


def requirement(name: str) -> str:
    """`name>=bound` as a pip requirement."""
    pip = _PIP.get(name, name)
    return pip if "@" in pip else pip + _bounds().get(pip.lower(), "")


@cache
def _declared(folder: Path) -> dict[str, frozenset[str]]:
    """Class -> backends that transformers declares for it, for one model folder."""
    from transformers.utils.import_utils import define_import_structure

    structure = define_import_structure(str(folder / "__init__.py"))
    return {
        name: frozenset(backends)
        for backends, modules in structure.items()
        for names in modules.values()
        for name in names
    }


def class_needs(class_name: str) -> Needs:
    """What one class of transformers needs."""
    needs = Needs()
    path = class_files().get(class_name)
    if path is not None and path.parent.parent == package() / "models":
        needs.add(set(_declared(path.parent).get(class_name, ())), True)
    for file in sorted(files_of(class_name)):
        needs.merge(needs_of(file))
    return needs


def _processor_needs(processors: dict[str, dict[str, str]]) -> Needs:
    """What the processing classes need; torchvision is optional where another backend does."""
    needs = Needs()
    for classes in processors.values():
        order = sorted(classes, key=lambda backend: (backend == "torchvision", backend))
        for backend in order:
            own = class_needs(classes[backend])
            if backend == order[0]:
                needs.merge(own)
            else:
                needs.optional |= own.required | own.optional
    for combined in processors.get("processor", {}).values():
        needs.merge(_component_needs(combined, set(processors)))
    return needs


def _component_needs(combined: str, mapped: set[str]) -> Needs:
    """What the parts of a combined processor need that no auto mapping names."""
    needs = Needs()
    constructor = method(combined, "__init__")
    parts = {argument.arg for argument in constructor.args.args} if constructor else set()
    parts -= mapped
    if "image_processor" in parts:
        needs.add({"vision"}, True)
    if "video_processor" in parts:
        needs.add({"torchvision"}, True)
    if "feature_extractor" in parts:
        for file in sorted(class_files()[combined].parent.glob("feature_extraction_*.py")):
            needs.merge(needs_of(file))
    return needs


def dependencies(
    model_classes: set[str],
    config_class: str,
    processors: dict[str, dict[str, str]],
    undeclared: Sequence[str] = (),
    oldest: str | None = None,
) -> dict[str, Any]:
    """The `dependencies` of an entry: python, pip, system and optional.

    Args:
        undeclared: what is needed although the sources declare it nowhere.
        oldest: the oldest transformers that works; without it the installed one.
    """
    needs = Needs()
    for name in sorted({*model_classes, config_class}):
        needs.merge(class_needs(name))
    needs.merge(_processor_needs(processors))
    left_out = {*_WITH_TRANSFORMERS, *_NOT_FOR_RUNNING}
    required = {_PIP.get(name, name) for name in needs.required - left_out} | set(undeclared)
    optional = {_PIP.get(name, name) for name in needs.optional - left_out} - required - set(_BASE)
    extra = sorted(required - set(_BASE), key=str.lower)
    return {
        "python": python_versions(),
        "pip": [
            requirement("torch"),
            f"transformers>={oldest or transformers_version()}",
            *map(requirement, ("numpy", *extra)),
        ],
        "system": sorted({program for name in required for program in _SYSTEM.get(name, [])}),
        "optional": {
            name.split(" ")[0]: [requirement(name)] for name in sorted(optional, key=str.lower)
        },
    }
