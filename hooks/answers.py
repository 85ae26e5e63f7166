"""A package's answers file: read as YAML; single values are replaced in its text.

Copier reads the file at the next update. Everything else in it, including comments and order, is
preserved.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

FILE = ".copier-answers.yml"


class HookError(Exception):
    """A hook cannot run; the message says what to do."""


def read_answers(package: Path) -> dict[str, Any]:
    """The answers that a package was made with.

    Raises:
        HookError: there is no such file, or it is not a YAML mapping.
    """
    path = package / FILE
    if not path.is_file():
        raise HookError(f"{package} is not a generated package: it has no {FILE}")
    return parse(path)[1]


def parse(path: Path) -> tuple[str, dict[str, Any]]:
    """The text of an answers file, and its parsed answers."""
    try:
        content = path.read_bytes()
        return content.decode("utf-8"), parse_text(content, path)
    except (OSError, UnicodeError) as error:
        raise HookError(f"{path} cannot be read: {error}") from error


def parse_text(content: bytes, path: Path) -> dict[str, Any]:
    """The answers in the content of an answers file; errors name `path`."""
    try:
        answers = yaml.safe_load(content.decode("utf-8"))
    except (ValueError, RecursionError, yaml.YAMLError) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise HookError(f"{path} cannot be read: {first}") from error
    if not isinstance(answers, dict):
        raise HookError(f"{path} is not a YAML mapping of answers")
    return answers


def change_answer(package: Path, key: str, value: Any) -> None:
    """Replace the value of one existing answer, in any YAML style."""
    path = package / FILE
    text, answers = parse(path)
    if answers.get(key) == value:
        return
    start, end = place_of(text, key)
    written = yaml.safe_dump({key: value}, allow_unicode=True, width=2**31)
    path.write_bytes((text[:start] + written + text[end:].lstrip("\n")).encode("utf-8"))


def place_of(text: str, key: str) -> tuple[int, int]:
    """The start and end index of a key's entry in the text of a block mapping.

    Raises:
        HookError: the text is not a block mapping, or has no such key.
    """
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode) or root.flow_style:
        raise HookError(f"{FILE} is not a YAML block mapping: write each key on a line of its own")
    for name, node in root.value:
        if name.value == key:
            # YAML reports the end of a list after the comments that follow it.
            last = node.value[-1] if isinstance(node, yaml.SequenceNode) and node.value else node
            end = node if getattr(node, "flow_style", None) else last
            return name.start_mark.index, end.end_mark.index
    raise HookError(f"{FILE} has no answer {key!r}")
