"""Draw the image of the report that the README shows; needs Chromium.

python scripts/report_picture.py
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from hf_skillset_templates.registry.store.paths import ROOT
from hf_skillset_templates.reports.html.browser import ARGUMENTS, find_chromium
from hf_skillset_templates.reports.html.build import build_report

PICTURE = ROOT / "docs" / "report.png"
WIDTH, HEIGHT = 1280, 1560


def main() -> None:
    """Open the registry's report in Chromium and write `docs/report.png`."""
    from playwright.sync_api import sync_playwright

    chromium = find_chromium()
    if chromium is None:
        sys.exit("no Chromium on PATH (Debian: apt-get install chromium)")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        report = Path(folder, "report.html")
        report.write_text(build_report("registry", None)[0], encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
        page.goto(report.as_uri())
        page.wait_for_selector("html[data-ready]", state="attached")
        page.screenshot(path=PICTURE)
        browser.close()
    print(PICTURE)


if __name__ == "__main__":
    main()
