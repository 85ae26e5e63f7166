"""Placeholder tokens of images, audio and videos, read from the processor's own source."""

from __future__ import annotations

import ast
import inspect
import re
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

TOKEN = re.compile(r"^(<[^<>\s]{1,60}>|<\|[^|\s]{1,60}\|>|\[/?[A-Z_]{2,40}\])$")
ATTRIBUTE = re.compile(r"tokenizer\.(\w+_token)(?:_id)?\b")
# getattr(tokenizer, "image_token", None): optional attributes of the tokenizer.
OPTIONAL = re.compile(r"getattr\(\s*(?:self\.)?tokenizer,\s*\"(\w+_token)\",\s*None\s*\)")
# hasattr(...), or another default than None: the processor helps itself.
GUARDED = re.compile(
    r"hasattr\(\s*(?:self\.)?tokenizer,\s*\"(\w+_token)(?:_id)?\""
    r"|getattr\(\s*(?:self\.)?tokenizer,\s*\"(\w+_token)\",\s*[^N\s]"
    r"|getattr\(\s*(?:self\.)?tokenizer,\s*\"(\w+_token)_id\""
)
STANDARD = {f"{name}_token" for name in ("bos", "eos", "pad", "unk", "sep", "cls", "mask")}
TEMPLATE = Path(__file__).with_name("chat_templates") / "conversation.jinja"


@dataclass(frozen=True)
class Placeholders:
    """What a processor expects of its tokenizer."""

    literals: tuple[str, ...]
    named: dict[str, str]


@cache
def placeholders_of(processor_class: type) -> Placeholders:
    """The tokens that the class defines, and those it reads from its tokenizer by name."""
    sources = [inspect.getsource(sys.modules[name]) for name in _modules(processor_class)]
    literals = dict.fromkeys(token for source in sources for token in _literals(source))
    literals.update(dict.fromkeys(_class_constants(processor_class)))
    asked = {name for source in sources for name in ATTRIBUTE.findall(source)}
    guarded = {name for source in sources for names in GUARDED.findall(source) for name in names}
    optional = {name for source in sources for name in OPTIONAL.findall(source)}
    defaults = _token_defaults(processor_class)
    wanted = sorted(((asked - guarded) | optional) - STANDARD)
    named = {name: defaults.get(name, f"<{name.removesuffix('_token')}>") for name in wanted}
    return Placeholders(tuple(literals), named)


def _token_defaults(processor_class: type) -> dict[str, str]:
    """Tokens that the constructor's own arguments name ("image_token" -> "<image>")."""
    parameters = inspect.signature(processor_class).parameters
    return {
        name: p.default
        for name, p in parameters.items()
        if isinstance(p.default, str) and name.endswith("_token")
    }


def _modules(processor_class: type) -> list[str]:
    """The modules of the class and its bases, those of the model folders only."""
    names = (base.__module__ for base in processor_class.__mro__)
    return [name for name in dict.fromkeys(names) if name.startswith("transformers.models.")]


def _literals(source: str) -> list[str]:
    """String constants that look like a token; pieces of f-strings seldom do."""
    constants = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant))
    return [
        node.value for node in constants if isinstance(node.value, str) and TOKEN.match(node.value)
    ]


def _class_constants(processor_class: type) -> list[str]:
    """Tokens in class constants such as IMAGE_TOKEN, in any format."""
    names = (name for name in dir(processor_class) if name.endswith("_TOKEN"))
    values = (getattr(processor_class, name) for name in names)
    return [value for value in values if isinstance(value, str)]


def chat_template(processor: Any, marks: dict[str, str]) -> str:
    """A plain conversation template with the processor's own placeholders for images and audio."""
    template = TEMPLATE.read_text(encoding="utf-8")
    for kind in ("image", "video", "audio"):
        mark = marks.get(kind, getattr(processor, f"{kind}_token", None) or f"<{kind}>")
        template = template.replace(f"@{kind}@", str(mark))
    return template
