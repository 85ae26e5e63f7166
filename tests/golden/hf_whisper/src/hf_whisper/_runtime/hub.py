# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""Where checkpoints come from."""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HUB_OPTIONS = ("token", "revision", "cache_dir")
"""Options of `metadata` that are passed to `from_pretrained`: the hub's access token, a revision
(branch, tag or commit), and the cache folder."""


def hub_options(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """The options of `metadata` that `from_pretrained` accepts for every file of a checkpoint."""
    return {name: metadata[name] for name in HUB_OPTIONS if metadata.get(name) is not None}


@dataclass(frozen=True)
class CheckpointFiles:
    """Files of a checkpoint that transformers does not load."""

    checkpoint: str
    """Hub id or local folder."""
    transformers: Any
    options: Mapping[str, Any]
    """Those of `hub_options`."""
    copy_to: Path | None = None
    """A folder that gets a copy of each file that is read."""

    def path_of(self, name: str) -> Path | None:
        """The local path of a file, downloaded if need be; None if the checkpoint has no such file.

        Raises:
            OSError: `checkpoint` is neither a local folder nor a model on the hub.
        """
        found = self.transformers.utils.cached_file(
            self.checkpoint, name, _raise_exceptions_for_missing_entries=False, **self.options
        )
        if found is None and not Path(self.checkpoint).is_dir():
            self.warn_of_unknown(name)
        if found is not None and self.copy_to is not None:
            target = self.copy_to / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(found, target)
        return None if found is None else Path(found)

    def read_json(self, name: str) -> Any:
        """The content of a JSON file; None if the checkpoint has no such file."""
        path = self.path_of(name)
        return None if path is None else json.loads(path.read_text("utf-8"))

    def warn_of_unknown(self, name: str) -> None:
        """Warn where the hub was not asked, so that nobody knows whether there is a file."""
        from huggingface_hub import try_to_load_from_cache

        place = {key: self.options[key] for key in ("revision", "cache_dir") if key in self.options}
        if try_to_load_from_cache(self.checkpoint, name, **place) is None:
            warnings.warn(
                f"{self.checkpoint} is not in the cache with {name}, and the hub cannot be asked:"
                " it is used as if it had no such file",
                RuntimeWarning,
                stacklevel=5,
            )
