"""Isolates a checked module from the network and from the user's files."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
NETWORK = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto")


def close_in(folder: Path) -> None:
    """Give this process a separate home and working directory, and no network.

    This cannot be undone: it is for a process that runs one check.
    """
    home = folder / "home"
    (home / ".cache" / "huggingface" / "hub").mkdir(parents=True)
    os.environ.update(OFFLINE, HOME=str(home), HF_HOME=str(home / ".cache" / "huggingface"))
    sys.dont_write_bytecode = True
    tempfile.tempdir = str(folder)
    os.chdir(folder)
    sys.addaudithook(refuse_network)


def refuse_network(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook that raises on network access."""
    if event in NETWORK and not (
        event == "socket.connect" and isinstance(arguments[1], (str, bytes))
    ):
        raise OSError(f"{event}: network access is disabled during checks")
