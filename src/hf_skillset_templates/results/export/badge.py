"""A badge for a README, as an SVG file: the number of verified cells of a run."""

from __future__ import annotations

from html import escape
from pathlib import Path

from ..records import FAILED, VERIFIED
from ..run_folder import Run

LABEL = "verified"
CHARACTER, PADDING = 6.6, 12
COLOURS = ((1.0, "#2e7d32"), (0.9, "#4c8c2b"), (0.6, "#b26a00"), (0.0, "#b3261e"))
"""Least fraction of verified cells -> colour."""
TEMPLATE = """<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" \
role="img" aria-label="{label}: {value}">
<title>{label}: {value}</title>
<rect width="{width}" height="20" rx="3" fill="#3c4043"/>
<path d="M{left} 0h{inner}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3h-{inner}z" fill="{colour}"/>
<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">
<text x="{label_x}" y="14">{label}</text>
<text x="{value_x}" y="14">{value}</text>
</g>
</svg>
"""


def write(run: Run, path: Path) -> None:
    """Write the badge."""
    verified = sum(record["status"] in VERIFIED for record in run.records)
    measured = verified + sum(record["status"] == FAILED for record in run.records)
    path.write_text(badge(LABEL, f"{verified} of {measured}", verified, measured), "utf-8")


def badge(label: str, value: str, verified: int, measured: int) -> str:
    """The SVG text; the colour depends on the fraction."""
    share = verified / measured if measured else 0.0
    colour = next(colour for least, colour in COLOURS if share >= least)
    left, right = (round(len(text) * CHARACTER + PADDING) for text in (label, value))
    return TEMPLATE.format(
        label=escape(label),
        value=escape(value),
        colour=colour,
        width=left + right,
        left=left,
        inner=right - 3,
        label_x=left / 2,
        value_x=left + right / 2,
    )
