"""The browser that looks at reports: Chromium without a window and without a network."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
"""A root user's container has no sandbox for it; the rest keeps it from asking for anything."""
MISSING = "no Chromium on PATH (Debian: apt-get install chromium)"
WORK = ("ScriptDuration", "LayoutDuration", "RecalcStyleDuration")


def find_chromium() -> str | None:
    """The path of an installed Chromium; None where there is none."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


@contextmanager
def chromium(path: str) -> Iterator[Any]:
    """A running browser of Playwright; ended with the block."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        browser.close()


def open_report(page: Any, report: Path, address: str = "#/") -> float:
    """Open a report and wait until the addressed view is shown; returns its CPU seconds."""
    before = thread_seconds(page)
    page.goto(f"{report.as_uri()}{address}")
    page.wait_for_selector("html[data-ready]", state="attached")
    return thread_seconds(page) - before


def thread_seconds(page: Any) -> float:
    """CPU seconds that the page's thread spent on scripts, styles and layout.

    Other work on the machine does not count.
    """
    if not hasattr(page, "metrics"):
        page.metrics = page.context.new_cdp_session(page)
        page.metrics.send("Performance.enable", {"timeDomain": "threadTicks"})
    metrics = page.metrics.send("Performance.getMetrics")["metrics"]
    return sum(float(each["value"]) for each in metrics if each["name"] in WORK)


def set_filter(page: Any, name: str, value: str) -> float:
    """Set a filter as a user does; returns milliseconds until the new layout."""
    event = "input" if name == "q" else "change"
    return float(
        page.evaluate(
            "([id, value, event]) => { const before = performance.now();"
            "const field = document.getElementById(id); field.value = value;"
            "field.dispatchEvent(new Event(event)); document.body.offsetHeight;"
            "return performance.now() - before }",
            [f"filter-{name}", value, event],
        )
    )
