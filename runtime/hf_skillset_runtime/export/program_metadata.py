"""What exporters record about a graph: the names and the structure of its inputs and outputs."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

METADATA_FILE = "metadata.json"


def save_metadata(metadata: Any, folder: Path) -> None:
    """Store the metadata of a graph beside it."""
    (folder / METADATA_FILE).write_text(json.dumps(asdict(metadata)), "utf-8")


def load_metadata(folder: Path) -> Any:
    """The metadata of a stored graph; the classes that it names can then be rebuilt."""
    from transformers.exporters.metadata import ExportMetadata, register_treespec_types

    metadata = ExportMetadata.from_dict(json.loads((folder / METADATA_FILE).read_text("utf-8")))
    for spec in (metadata.in_spec, metadata.out_spec):
        register_treespec_types(spec)
    return metadata
