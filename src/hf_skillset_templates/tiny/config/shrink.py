"""Finds the tiny configuration of a model type: guessed by name, judged by running it."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from typing import Any

from hf_skillset_templates.isolation import enter_stage
from hf_skillset_templates.registry.sources.model_classes import class_names, model_class
from hf_skillset_templates.tiny.forward.models import build_on_meta, parameter_count
from hf_skillset_templates.tiny.forward.run import try_forward

from .defaults import default_config
from .draft import COMMON, Draft, draft_of
from .guess import guess
from .judge import MAX_PARAMETERS, TinyConfig, describe, judge
from .overrides import default_values, given_inputs, override, tiny_values
from .reduce import reduce_draft, revert_culprits
from .sizes import kind_of, scaled_target, uniform_target
from .structure import missing_kinds, structure_problems
from .timm_models import choose_timm_models
from .token_ids import fit_token_ids

MAX_BUILD = 20_000_000  # parameters above which a candidate is not even run

MOST_ERRORS = 5  # candidates that may fail before the first success

PATIENCE = 2  # candidates in a row that may bring nothing before the search ends


def shrink(model_type: str) -> TinyConfig:
    """The best tiny configuration found; raises when no candidate builds."""
    enter_stage("default configuration")
    draft = draft_of(default_config(model_type))
    keep_defaults(draft, default_values(draft.cls))
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
            candidate = examine(model_type, draft, strategy)
        except Exception as error:
            errors.append(f"{strategy}: {describe(error)}")
            without_gain += best is not None
            if best is None and len(errors) > MOST_ERRORS:
                break
            continue
        without_gain += 1
        if best is None or candidate.rank > best.rank:
            best, without_gain = candidate, 0
        if best.is_complete:
            break
    if best is None:
        for strategy in itertools.islice(candidates(draft, model_type), 1):
            with contextlib.suppress(Exception):
                return examine(model_type, draft, strategy, repair=True)
        raise RuntimeError("; ".join(errors))
    return best


def examine(model_type: str, draft: Draft, strategy: str, repair: bool = False) -> TinyConfig:
    """Evaluate the draft, after reducing it to the budget if it is too large."""
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
    candidate = judge(model_type, draft.build(), strategy)
    candidate.lost_structure = structure_problems(draft) + lost_kinds(model_type, candidate)
    candidate.changed_non_size_fields = non_size_changes(draft)
    return candidate


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
            apply_changes(draft, tiny_values(draft))
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


_default_kinds: dict[str, Any] = {}


def lost_kinds(model_type: str, candidate: TinyConfig) -> list[str]:
    """Module classes of the default models that the tiny ones do not have."""
    lost: set[str] = set()
    for name in candidate.ran[:1]:
        try:
            if name not in _default_kinds:
                _default_kinds[name] = build_on_meta(model_class(name), default_config(model_type))
        except Exception:
            _default_kinds[name] = None
        if _default_kinds[name] is not None:
            tiny_model = build_on_meta(model_class(name), candidate.config)
            lost |= set(missing_kinds(_default_kinds[name], tiny_model))
    return [f"module {kind}" for kind in sorted(lost)]


def non_size_changes(draft: Draft) -> list[str]:
    """Changed attributes that are not sizes: further differences of a tiny model."""
    changed = []
    for path, node in draft.walk():
        for name, value in node.changes.items():
            if value != node.values.get(name) and kind_of(name) is None and name not in COMMON:
                changed.append(f"{path}.{name}" if path else name)
    return sorted(changed)
