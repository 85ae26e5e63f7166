"""Dialects: how modules of one origin are created and called; data of `registry/dialects/`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from hf_skillset_templates.errors import UsageError
from hf_skillset_templates.registry.store.paths import REGISTRY

DIALECTS = REGISTRY / "dialects"
PRIMARY = "primary"


@dataclass(frozen=True)
class Dialect:
    """One file of `registry/dialects/`; the schema describes its fields."""

    name: str
    facts: Mapping[str, Any]

    def fits(self, skillset_class: type) -> bool:
        """Whether a class has the attributes of this dialect."""
        return all(hasattr(skillset_class, name) for name in self.facts["recognised_by"])

    def role(self, parameter: str, platform: str) -> str | None:
        """The role of a parameter of an initializer; None if the dialect does not define it."""
        for name, role in self.facts["parameters"].items():
            if name.replace("{platform}", platform) == parameter:
                return str(role)
        return None

    def initializer(self, platform: str) -> str:
        """The name of the method that loads a checkpoint on a platform."""
        return str(self.facts["initializer"]).format(platform=platform)

    def device(self, platform: str) -> str | None:
        """The device that is passed to the initializer; None for the module's default."""
        device: str | None = self.facts["devices"].get(platform)
        return device

    def factories(self, names: Iterable[str], platform: str) -> dict[str, str]:
        """The factories of a platform among a class's attributes: method -> its `{name}`."""
        head, _, tail = self.facts["factory"].format(platform=platform, name="\0").partition("\0")
        return {
            name: name[len(head) : len(name) - len(tail)]
            for name in names
            if name.startswith(head) and name.endswith(tail) and len(name) > len(head + tail)
        }

    def task(self, name: str, entry: Mapping[str, Any]) -> str | None:
        """The task of a factory's `{name}`, by the model type's registry entry; None if unknown."""
        for each in self.facts["tasks"]:
            patterns = (text.replace("{model_type}", entry["model_type"]) for text in each["names"])
            if any(fnmatchcase(name, pattern) for pattern in patterns):
                wanted = [entry["primary_task"] if t == PRIMARY else t for t in each["tasks"]]
                return next((task for task in wanted if task in entry["tasks"]), None)
        named = (task for task, facts in entry["tasks"].items() if facts["handler_name"] == name)
        return next(named, None)

    def arguments(self, task: str, sample: Any, parameters: Mapping[str, Any]) -> list[Any]:
        """The positional arguments of a handler for one sample of a task."""
        known = {**parameters, **(sample if isinstance(sample, Mapping) else {}), "input": sample}
        names = self.facts.get("arguments", {}).get(task, ["input"])
        return [known.get(name, sample) for name in names]

    def forms(self, output_format: str) -> list[str]:
        """The names of the accepted forms of results in an output format."""
        return list(self.facts.get("forms", {}).get(output_format, ["result"]))

    @property
    def keywords_for_task(self) -> bool:
        """Whether an initializer has a parameter for the task."""
        return "task" in self.facts["parameters"].values()


def read_dialects(folder: Path = DIALECTS) -> dict[str, Dialect]:
    """All dialects by name.

    Raises:
        UsageError: a file does not match the schema.
    """
    return {path.stem: read_dialect(path) for path in sorted(folder.glob("*.yml"))}


def read_dialect(path: Path) -> Dialect:
    """One dialect from its file.

    Raises:
        UsageError: it is not YAML or does not match the schema.
    """
    schema = json.loads((DIALECTS / "schema.json").read_text("utf-8"))
    try:
        facts = yaml.safe_load(path.read_text("utf-8"))
    except yaml.YAMLError as error:
        raise UsageError(f"{path} is not YAML: {error}") from error
    for violation in Draft202012Validator(schema).iter_errors(facts):
        where = "/".join(map(str, violation.absolute_path)) or "(top)"
        raise UsageError(f"{path} does not match its schema at {where}: {violation.message[:200]}")
    return Dialect(path.stem, facts)


def dialect_of(skillset_class: type, dialects: Mapping[str, Dialect]) -> Dialect:
    """The dialect of a class; if several match, the one with the most attributes.

    Raises:
        UsageError: no dialect matches.
    """
    fitting = [dialect for dialect in dialects.values() if dialect.fits(skillset_class)]
    if not fitting:
        raise UsageError(f"{skillset_class.__name__} matches none of the dialects {list(dialects)}")
    return max(fitting, key=lambda dialect: len(dialect.facts["recognised_by"]))
