"""One sentence about a model type, from transformers' own docstrings.

Sources in order: `@auto_docstring(custom_intro="…")` of the model class, its docstring, and the
sentence that `auto_docstring` writes for the ending of the class's name (`ClassDocstring`).
"""

from __future__ import annotations

import ast
import re
from functools import cache

from .checkpoints import decorator_argument
from .source_files import class_files, class_node, package, tree

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z`\[])")
_LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")
_NAME = re.compile(r"\[(`[^`]+`)\]")
_TAGS = re.compile(r"<[^>]+>")


def first_sentence(raw: str) -> str | None:
    """The first sentence of a docstring without its links; None for anything but prose."""
    paragraph = raw.strip().split("\n\n")[0]
    plain = " ".join(_TAGS.sub("", _NAME.sub(r"\1", _LINK.sub(r"\1", paragraph))).split())
    sentence = _SENTENCE_END.split(plain.split(": - ")[0])[0].strip().strip('"').strip()
    prose = len(sentence.split()) > 3 and not sentence.startswith(
        (">>>", "```", "Example", "Args", "Parameters", 'r"')
    )
    return sentence.rstrip(" .,;:") + "." if prose else None


@cache
def _intros() -> dict[str, str]:
    """Ending of a class name -> the sentence that auto_docstring writes for it."""
    module = tree(package() / "utils" / "auto_docstring.py")
    node = next(
        item
        for item in module.body
        if isinstance(item, ast.ClassDef) and item.name == "ClassDocstring"
    )
    constants = {}
    for item in node.body:
        if (
            isinstance(item, ast.Assign)
            and isinstance(item.targets[0], ast.Name)
            and isinstance(item.value, ast.Constant)
        ):
            constants[item.targets[0].id] = str(item.value.value)
    return {
        name: value
        for name, value in constants.items()
        if name not in ("Config", "PreTrainedModel")
    }


def describe(model_class: str) -> str | None:
    """The first sentence of transformers' docstring of a model class; None if there is none."""
    node = class_node(model_class)
    if node is None:
        return None
    intro = decorator_argument(node, "custom_intro") or ast.get_docstring(node)
    if intro and (sentence := first_sentence(intro)):
        return sentence
    ending = next(
        (name for name in sorted(_intros(), key=len, reverse=True) if model_class.endswith(name)),
        None,
    )
    if ending is None:
        return None
    folder = class_files()[model_class].parent.name
    return first_sentence(
        _intros()[ending].format(model_name=" ".join(word.title() for word in folder.split("_")))
    )
