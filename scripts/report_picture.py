"""Take the screenshot of the report that the README shows; requires Chromium.

python scripts/report_picture.py
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from hf_skillset_templates.registry.store.paths import ROOT
from hf_skillset_templates.reports.html.browser import MISSING, chromium, find_chromium, open_report
from hf_skillset_templates.reports.html.build import build_report

PICTURE = ROOT / "docs" / "report.png"
WIDTH, HEIGHT = 1280, 1720


def main() -> None:
    """Open the registry's report in Chromium and write `docs/report.png`."""
    path = find_chromium() or sys.exit(MISSING)
    with tempfile.TemporaryDirectory() as folder, chromium(path) as browser:
        report = Path(folder, "report.html")
        report.write_text(build_report("registry", None)[0], encoding="utf-8")
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
        open_report(page, report)
        image = Image.open(io.BytesIO(page.screenshot()))
        title = PngInfo()
        title.add_text("Title", page.locator("#headline").inner_text())
        image.save(PICTURE, optimize=True, pnginfo=title)
    print(PICTURE)


if __name__ == "__main__":
    main()
