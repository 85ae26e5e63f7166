"""The stage `tiny`: the search for a tiny model, in a separate process."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from hf_skillset_templates.registry.store.entries import entry_path
from hf_skillset_templates.registry.store.errors import as_recorded
from hf_skillset_templates.registry.store.paths import REGISTRY, TINY
from hf_skillset_templates.registry.store.publish import merge_entry, publish_folder
from hf_skillset_templates.tiny import build

from .running import Outcome, Workers, side_by_side

STAGING = REGISTRY / ".staging"


def run(model_types: list[str], workers: Workers) -> Iterator[Outcome]:
    """The tiny model and its facts, or where the search failed."""

    def work(model_type: str) -> tuple[bool, str]:
        staged, path = STAGING / model_type, entry_path(model_type)
        job = {"model_type": model_type, "folder": str(staged)}
        result = workers.isolated(build.FUNCTION, job)
        if "error" not in result:
            changed = publish_folder(staged, TINY / model_type)
            return merge_entry(path, {"tiny": result["tiny"]}) or changed, ""
        shutil.rmtree(staged, ignore_errors=True)
        shutil.rmtree(TINY / model_type, ignore_errors=True)
        failure = {"stage": result["stage"], "error": as_recorded(result["error"])}
        return merge_entry(path, {"tiny": failure}), f"{failure['stage']}: {failure['error']}"

    yield from side_by_side("tiny", work, model_types, workers.jobs)
    shutil.rmtree(STAGING, ignore_errors=True)
