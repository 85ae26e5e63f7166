"""A module while it is checked: its properties, and calls of its handlers."""

from __future__ import annotations

import inspect
import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from hf_skillset_templates.registry.store.entries import read_entry

from .dialect import Dialect
from .forms import plain, unwrapped
from .modules import Source
from .prepare import Expected


class Ended(Exception):  # noqa: N818 - a failed rung is a result, not an error
    """A module fails a rung; the message is the evidence."""


@dataclass
class Probe:
    """A module while it is checked; the rungs set its properties."""

    source: Source
    model_type: str
    platform: str
    workspace: Path
    dialects: Mapping[str, Dialect]
    chosen: str | None = None
    """The dialect that the caller selected."""
    task: str | None = None
    expected: Expected | None = None
    module: ModuleType | None = None
    skillset_class: type | None = None
    skillset: Any = None
    offered: dict[str, str] = field(default_factory=dict)
    """Task -> its factory."""
    names: dict[str, str] = field(default_factory=dict)
    """`{name}` of a factory, on any platform -> its task, if that is known."""
    opened: tuple[Any, ...] = ()
    results: list[Any] = field(default_factory=list)
    """The unmodified results of the handler."""
    answers: list[Any] = field(default_factory=list)
    """The normalised results for the samples, in order."""
    output: io.StringIO = field(default_factory=io.StringIO)

    _dialect: Dialect | None = None

    @property
    def dialect(self) -> Dialect:
        """The dialect of the class; known after the second rung."""
        assert self._dialect is not None
        return self._dialect

    @dialect.setter
    def dialect(self, dialect: Dialect) -> None:
        self._dialect = dialect

    @property
    def dialect_found(self) -> Dialect | None:
        """The dialect; None if no class was found."""
        return self._dialect

    @property
    def entry(self) -> dict[str, Any]:
        """The registry entry of the model type."""
        return read_entry(self.model_type)

    @property
    def prepared(self) -> Expected:
        """The expected results."""
        assert self.expected is not None
        return self.expected

    @property
    def initializer(self) -> Callable[..., Any] | None:
        """The method that loads a checkpoint; None if there is none."""
        method = getattr(self.skillset, self.dialect.initializer(self.platform), None)
        return method if callable(method) else None

    def open(self, checkpoint: str) -> Any:
        """The return value of the initializer for a checkpoint."""
        assert self.initializer is not None
        named, _ = self.initializer_arguments(checkpoint)
        return self.initializer(**named)

    def initializer_arguments(self, checkpoint: str) -> tuple[dict[str, Any], list[str]]:
        """The initializer's arguments by name, and its required parameters without a role."""
        assert self.initializer is not None
        device = self.dialect.device(self.platform)
        values: dict[str, Any] = {"checkpoint": checkpoint, "model_type": self.model_type}
        values |= {"task": self.task, "device": device, "label": device}
        values["converter"] = no_converter
        arguments: dict[str, Any] = {}
        unknown = []
        for name, parameter in inspect.signature(self.initializer).parameters.items():
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                continue
            role = self.dialect.role(name, self.platform)
            if role is not None and values[role] is not None:
                arguments[name] = values[role]
            elif parameter.default is parameter.empty:
                unknown.append(name)
        return arguments, unknown

    def ask(self, place: int, handler: Any = None) -> Any:
        """The normalised result for the sample at index `place`.

        Raises:
            Ended: the handler raises, or returns None, a coroutine or an error.
        """
        sample = self.prepared.samples[place]
        arguments = self.dialect.arguments(str(self.task), sample, self.prepared.parameters)
        parameters = self.sample_parameters if self.dialect.keywords_for_task else {}
        try:
            result = (handler or self.opened[2])(*arguments, **parameters)
        except Exception as error:
            raise Ended(f"raises {described(error)}") from error
        if inspect.isawaitable(result):
            close = getattr(result, "close", None)
            if close is not None:
                close()
            raise Ended("returns a coroutine; handlers must be synchronous")
        self.results.append(result)
        if problem := self.error_in(result):
            raise Ended(problem)
        return self.answer(result)

    @property
    def sample_parameters(self) -> dict[str, Any]:
        """The handler parameters of the samples."""
        return self.prepared.parameters

    def answer(self, result: Any) -> Any:
        """A normalised result, without fields that may differ between calls."""
        stated = self.dialect.facts["answer"]
        if isinstance(result, Mapping):
            volatile = stated.get("volatile", ())
            present = [key for key in stated.get("keys", ()) if result.get(key) is not None]
            rest = {key: value for key, value in result.items() if key not in volatile}
            result = result[present[0]] if present else rest
        answer = unwrapped(plain(result))
        if isinstance(answer, str):
            for prefix in stated.get("prefixes", ()):
                answer = answer.strip().removeprefix(prefix)
            answer = answer.strip()
        return answer

    def error_in(self, result: Any) -> str:
        """The error that a result reports; empty if it reports none."""
        if result is None:
            return "returns None"
        stated = self.dialect.facts["errors"]
        if isinstance(result, Mapping):
            for key in stated.get("keys", ()):
                if result.get(key):
                    return f"returns {key!r}: {str(result[key])[:200]}"
        answer = self.answer(result)
        for pattern in stated.get("texts", ()) if isinstance(answer, str) else ():
            if re.search(pattern, answer, re.IGNORECASE):
                return f"returns the text {answer[:200]!r}"
        return ""


def no_converter(*_: Any, **__: Any) -> Any:
    """Passed to parameters with the role `converter`."""
    raise NotImplementedError("the check does not provide the converters of a caller")


def described(error: BaseException) -> str:
    """An error on one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
