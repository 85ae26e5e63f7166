"""Finds the tiny configuration of a model type: guessed by name, judged by running it."""

from __future__ import annotations

import contextlib
import itertools
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hf_skillset_templates.isolation import enter_stage
from hf_skillset_templates.registry.sources.model_classes import class_names, model_class
from hf_skillset_templates.tiny.forward.models import build_on_meta, parameter_count
from hf_skillset_templates.tiny.forward.run import Forward, try_forward

from .draft import COMMON, Draft, draft_of
from .guess import guess
from .overrides import default_facts, given_inputs, override, part_class, tiny_facts
from .reduce import reduce_draft, revert_culprits
from .sizes import kind_of, scaled_target, uniform_target
from .structure import missing_kinds, structure_problems
from .timm_models import choose_timm_models
from .token_ids import fit_token_ids

MAX_PARAMETERS = 2_000_000
MAX_SECONDS = 1.0
MAX_BUILD = 20_000_000  # parameters above which a candidate is not even run


@dataclass
class TinyConfig:
    """The configuration found and what running its models showed."""

    model_type: str
    config: Any
    strategy: str
    parameters: int = 0
    forward_seconds: float = 0.0
    reinitialise: bool = False
    ran: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    towers_missed: dict[str, str] = field(default_factory=dict)
    changed_non_size_fields: list[str] = field(default_factory=list)
    lost_structure: list[str] = field(default_factory=list)

    @property
    def rank(self) -> tuple[bool, int, int, bool]:
        """Orders candidates: those within the budget first, then by classes that run."""
        fits = self.parameters <= MAX_PARAMETERS and self.forward_seconds <= MAX_SECONDS
        return (
            bool(self.ran) and fits,
            len(self.ran),
            -len(self.towers_missed),
            not self.lost_structure,
        )

    @property
    def is_complete(self) -> bool:
        return self.rank[0] and not (self.failed or self.towers_missed or self.lost_structure)


def default_config(model_type: str) -> Any:
    """The class's default configuration, with the values that it cannot do without."""
    from transformers import CONFIG_MAPPING

    cls = CONFIG_MAPPING[model_type]
    kwargs: dict[str, Any] = {}
    for path, value in default_facts(cls).items():
        *parents, name = path.split(".")
        node, specs = kwargs, cls.sub_configs_defaults
        for parent in parents:
            if parent not in node:
                node[parent] = part_kwargs(specs[parent]) if parent in specs else {}
            part = part_class(specs[parent]) if parent in specs else None
            specs = getattr(part, "sub_configs_defaults", {})
            node = node[parent]
        node[name] = value
    return cls(**kwargs)


def part_kwargs(spec: Any) -> dict[str, Any]:
    """What a composite passes to a part that nobody describes."""
    return {"model_type": spec.model_type, **spec.init_kwargs} if spec.model_type else {}


def shrink(model_type: str) -> TinyConfig:
    """The best tiny configuration found; raises when no candidate builds."""
    enter_stage("default configuration")
    draft = draft_of(default_config(model_type))
    keep_defaults(draft, default_facts(draft.cls))
    best: TinyConfig | None = None
    errors: list[str] = []
    without_gain = 0
    for strategy in candidates(draft, model_type):
        if without_gain >= PATIENCE and not (
            best and best.lost_structure and strategy.startswith("uniform")
        ):
            continue
        enter_stage(f"candidate {strategy}")
        try:
            found = examine(model_type, draft, strategy)
        except Exception as error:
            errors.append(f"{strategy}: {describe(error)}")
            without_gain += best is not None
            if best is None and len(errors) > MOST_ERRORS:
                break
            continue
        without_gain += 1
        if best is None or found.rank > best.rank:
            best, without_gain = found, 0
        if best.is_complete:
            break
    if best is None:
        for strategy in itertools.islice(candidates(draft, model_type), 1):
            with contextlib.suppress(Exception):
                return examine(model_type, draft, strategy, repair=True)
        raise RuntimeError("; ".join(errors))
    return best


MOST_ERRORS = 5  # candidates that may fail before the first success
PATIENCE = 2  # candidates in a row that may bring nothing before the search ends


def examine(model_type: str, draft: Draft, strategy: str, repair: bool = False) -> TinyConfig:
    """Judges the draft as it stands, after reducing it to the budget where it is too heavy."""
    name = class_names(model_type)[0]

    def weigh() -> int | None:
        try:
            return max(
                parameter_count(build_on_meta(model_class(n), draft.build()))
                for n in class_names(model_type)[:2]
            )
        except Exception:
            return None

    def runs() -> bool:
        try:
            return bool(try_forward(model_class(name), draft.build(), given_inputs(model_type)))
        except Exception:
            return False

    size = weigh()
    if repair and (size is None or (size < MAX_BUILD and not runs())):
        enter_stage(f"repair of {strategy}")
        reverted = revert_culprits(draft, runs)
        strategy += f", but for {' and '.join(reverted)}" if reverted else ""
        size = weigh()
    if size is not None and size > MAX_PARAMETERS:
        enter_stage(f"reduction of {strategy}")
        reduce_draft(draft, weigh, runs, MAX_PARAMETERS)
        strategy += ", reduced"
        size = weigh()
    if size is not None and size > MAX_BUILD:
        raise MemoryError(f"{size} parameters")
    found = judge(model_type, draft.build(), strategy)
    found.lost_structure = structure_problems(draft) + lost_kinds(model_type, found)
    found.changed_non_size_fields = non_size_changes(draft)
    return found


def candidates(draft: Draft, model_type: str) -> Iterator[str]:
    """Sets the draft to one candidate after another; yields the name of each."""
    least = override(model_type).get("layers", 2)
    divisors = (16, 64, 8, 4)
    plans: list[tuple[str, Any]] = [("uniform", uniform_target)]
    plans += [(f"scaled by {d}", scaled_target(d)) for d in divisors]
    for layers in (least, 4, 6, 8):
        for name, target in plans:
            guess(draft, target, layers)
            fit_token_ids(draft)
            choose_timm_models(draft)
            apply_changes(draft, tiny_facts(draft))
            yield f"{name}, {layers} layers"


def keep_defaults(draft: Draft, defaults: dict[str, Any]) -> None:
    """Passes hand-written defaults to their nodes, declared fields or not."""
    nodes = dict(draft.walk())
    for path, value in defaults.items():
        parent, _, name = path.rpartition(".")
        if parent in nodes and name not in nodes[parent].children:
            nodes[parent].explicit[name] = value


def apply_changes(draft: Draft, changes: dict[str, Any]) -> None:
    """Writes hand-written tiny values, named by dotted path, into the draft."""
    nodes = dict(draft.walk())
    for path, value in changes.items():
        parent, _, name = path.rpartition(".")
        if parent in nodes:
            nodes[parent].changes[name] = value


def judge(model_type: str, config: Any, strategy: str) -> TinyConfig:
    """Builds and runs every model class with this configuration."""
    config = round_trip(config)
    found = TinyConfig(model_type, config, strategy)
    for name in class_names(model_type):
        try:
            add(found, try_forward(model_class(name), config, given_inputs(model_type)))
        except Exception as error:
            found.failed[name] = describe(error)
    if not found.ran:
        raise RuntimeError("; ".join(f"{k}: {v}" for k, v in list(found.failed.items())[:3]))
    return found


def add(found: TinyConfig, forward: Forward) -> None:
    """Counts one model that ran: the largest and the slowest speak for all."""
    found.ran.append(forward.class_name)
    found.parameters = max(found.parameters, forward.parameters)
    found.forward_seconds = max(found.forward_seconds, forward.seconds)
    found.reinitialise |= forward.uninitialised
    if forward.towers_error:
        found.towers_missed[forward.class_name] = " ".join(forward.towers_error.split())[:300]


def round_trip(config: Any) -> Any:
    """What a person would load: the configuration saved and read again, twice the same."""
    from transformers import AutoConfig

    texts = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(3):
            config.save_pretrained(folder)
            texts.append(json.loads((Path(folder) / "config.json").read_text()))
            config = AutoConfig.from_pretrained(folder)
    if texts[1] != texts[2]:
        raise ValueError("the configuration changes each time it is saved and loaded")
    return config


_default_kinds: dict[str, Any] = {}


def lost_kinds(model_type: str, found: TinyConfig) -> list[str]:
    """Module classes of the default models that the tiny ones do not have."""
    lost: set[str] = set()
    for name in found.ran[:1]:
        try:
            if name not in _default_kinds:
                _default_kinds[name] = build_on_meta(model_class(name), default_config(model_type))
        except Exception:
            _default_kinds[name] = None
        if _default_kinds[name] is not None:
            lost |= set(
                missing_kinds(_default_kinds[name], build_on_meta(model_class(name), found.config))
            )
    return [f"module {kind}" for kind in sorted(lost)]


def non_size_changes(draft: Draft) -> list[str]:
    """Changed attributes that are no sizes: what a tiny model differs in besides being small."""
    changed = []
    for path, node in draft.walk():
        for name, value in node.changes.items():
            if value != node.values.get(name) and kind_of(name) is None and name not in COMMON:
                changed.append(f"{path}.{name}" if path else name)
    return sorted(changed)


def describe(error: BaseException) -> str:
    """One line: the kind of error and the head of its message, with the place it came from."""
    import traceback

    frames = [
        f
        for f in traceback.extract_tb(error.__traceback__)
        if "transformers" in f.filename or "timm" in f.filename
    ]
    place = f" [{frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}]" if frames else ""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}{place}"
