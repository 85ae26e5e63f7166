"""Builds the tiny folder of one model type: configuration and processor files, checked to run."""

from __future__ import annotations

import os
import shutil
import warnings
from pathlib import Path
from typing import Any

from hf_skillset_templates.isolation import enter_stage

FUNCTION = "hf_skillset_templates.tiny.build:build_job"


def quiet() -> None:
    """One thread, no hub, no chatter: what every isolated model job starts with."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    warnings.filterwarnings("ignore")
    import torch
    import transformers

    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()


def build_job(job: dict[str, Any]) -> dict[str, Any]:
    """The isolated part: `job` names the `model_type` and the `folder` to write to.

    Returns `tiny`, the registry's record of the model, and `measured`, what changes from
    run to run. A processor that cannot be built leaves the configuration in place.
    """
    quiet()
    from hf_skillset_templates.tiny.config.judge import judge
    from hf_skillset_templates.tiny.config.shrink import shrink

    model_type, folder = job["model_type"], Path(job["folder"])
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    tiny_config = shrink(model_type)
    name_labels(tiny_config.config)
    config, processor = tiny_config.config, build_files(model_type, tiny_config.config, folder)
    enter_stage("verify")
    try:
        verified = judge(model_type, config, tiny_config.strategy)
    except Exception as error:
        processor.setdefault("error", f"the model no longer runs: {error}")
        verified, config = tiny_config, tiny_config.config
    config.save_pretrained(folder)
    tiny: dict[str, Any] = {
        "parameters": verified.parameters,
        "search": tiny_config.strategy,
        "runs": verified.ran,
        "fails": verified.failed,
        "towers_unseen": sorted(verified.towers_missed),
        "reinitialise": verified.reinitialise,
        "non_size_changes": tiny_config.changed_non_size_fields,
        "lost_structure": tiny_config.lost_structure,
        "processor": processor,
    }
    return {"tiny": tiny, "measured": {"forward_seconds": verified.forward_seconds}}


def name_labels(config: Any) -> None:
    """Names for labels that a class only counts: a checkpoint's configuration has them."""
    if config.id2label is None and config.num_labels:
        config.id2label = {i: f"LABEL_{i}" for i in range(config.num_labels)}
        config.label2id = {name: i for i, name in config.id2label.items()}


def build_files(model_type: str, config: Any, folder: Path) -> dict[str, Any]:
    """Tokenizer and processor files."""
    from hf_skillset_templates.tiny.processor.build import build_processor

    enter_stage("processor")
    try:
        return build_processor(model_type, config, folder)
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}
