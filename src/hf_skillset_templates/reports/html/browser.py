"""The browser that looks at reports: Chromium without a window and without a network."""

from __future__ import annotations

import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
"""A root user's container has no sandbox for it; the rest keeps it from asking for anything."""


def find_chromium() -> str | None:
    """The path of an installed Chromium; None where there is none."""
    return next((path for path in map(shutil.which, NAMES) if path), None)
