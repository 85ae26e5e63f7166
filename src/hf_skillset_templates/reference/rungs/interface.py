"""The interface of a module: it can be imported, and its class has the expected methods."""

from __future__ import annotations

import inspect

from hf_skillset_templates.registry.store.platforms import platform_names

from ..dialect import dialect_of
from ..loading import load, missing_modules, skillset_classes
from ..probe import Ended, Probe, described


def imports(probe: Probe) -> str:
    """The module can be imported."""
    missing = missing_modules(probe.source)
    named = f"; not installed: {', '.join(missing)}" if missing else ""
    try:
        probe.module = load(probe.source, probe.workspace)
    except (Exception, SystemExit) as error:
        raise Ended(f"{described(error)}{named}") from error
    return f"imported{named}"


def has_class(probe: Probe) -> str:
    """It has a class with initializers."""
    assert probe.module is not None
    classes = skillset_classes(probe.module, probe.source.name)
    if not classes:
        raise Ended("no class with a method init_<platform>")
    probe.skillset_class = classes[0]
    if probe.chosen is None:
        probe.dialect = dialect_of(classes[0], probe.dialects)
    else:
        probe.dialect = probe.dialects[probe.chosen]
    others = f"; also {', '.join(each.__name__ for each in classes[1:])}" if classes[1:] else ""
    return f"{classes[0].__name__}, dialect {probe.dialect.name}{others}"


def can_be_created(probe: Probe) -> str:
    """The class can be instantiated with positional arguments, as a worker does."""
    import numpy
    import torch
    import transformers

    assert probe.skillset_class is not None
    resources = {"torch": torch, "transformers": transformers, "numpy": numpy}
    values = {"resources": resources, "metadata": {}}
    names = probe.dialect.facts["constructor"]
    try:
        probe.skillset = probe.skillset_class(*(values[name] for name in names))
    except Exception as error:
        signature = inspect.signature(probe.skillset_class)
        raise Ended(
            f"{probe.skillset_class.__name__}({', '.join(names)}) raises {described(error)};"
            f" signature: {signature}"
        ) from error
    return f"created with ({', '.join(names)})"


def has_methods(probe: Probe) -> str:
    """It has the platform's initializer with known parameters, and lists its tasks."""
    name = probe.dialect.initializer(probe.platform)
    if probe.initializer is None:
        existing = sorted(each for each in dir(probe.skillset) if each.startswith("init_"))
        raise Ended(f"no method {name}; initializers: {', '.join(existing) or 'none'}")
    signature = inspect.signature(probe.initializer)
    if unknown := probe.initializer_arguments("")[1]:
        raise Ended(
            f"{name}{signature}: the dialect {probe.dialect.name} does not define the required"
            f" parameters {', '.join(map(repr, unknown))}"
        )
    callables = [each for each in dir(probe.skillset) if callable(getattr(probe.skillset, each))]
    factories = probe.dialect.factories(callables, probe.platform)
    for method, means in factories.items():
        if (task := probe.dialect.task(means, probe.entry)) is not None:
            probe.offered.setdefault(task, method)
    for platform in platform_names():
        for means in probe.dialect.factories(callables, platform).values():
            if (task := probe.dialect.task(means, probe.entry)) is not None:
                probe.names.setdefault(means, task)
    made = ", ".join(f"{method} ({task})" for task, method in probe.offered.items())
    if not probe.offered:
        probe.offered = {probe.entry["primary_task"]: ""}
        methods = ", ".join(factories) or "none"
        made = (
            f"no factory matches a task of {probe.model_type} ({methods}): its primary task is used"
        )
    return f"{name}{signature}; {made}"
