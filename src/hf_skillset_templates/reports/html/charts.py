"""The plots: Vega-Lite draws them as SVG when the report is made, so that the page draws nothing.

Their text has the colour of the page (`currentColor`), so that one image fits dark and light.
"""

from __future__ import annotations

import bisect
import math
from collections import Counter
from typing import Any

import vl_convert

from hf_skillset_templates.results.from_registry import Entry
from hf_skillset_templates.results.records import Record
from hf_skillset_templates.results.run_folder import Run

BAR, GRID = "#6d7cff", "#8888884d"
SECONDS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200)
"""Upper ends of the bins; what takes longer falls into one more."""
MEMORY_MB = (200, 400, 600, 800, 1000, 1500, 2000, 3000, 4000, 6000, 8000)
PARAMETERS = (1e7, 3e7, 1e8, 3e8, 1e9, 3e9, 1e10, 3e10, 1e11, 3e11)
Bins = tuple[float, ...]


def charts(run: Run, entries: list[Entry], titles: dict[str, str]) -> list[dict[str, str]]:
    """Each plot that there is something to show of: its title, what it says in words, the SVG."""
    seconds = by_platform(run.records, "seconds", titles)
    memory = by_platform(run.records, "peak_memory_mb", titles)
    sizes = {"Model types": [e["parameters"] for e in entries if e.get("parameters")]}
    drawn = [
        chart("Seconds for one cell", "seconds", seconds, SECONDS),
        chart("Peak memory of a cell's process", "MiB", memory, MEMORY_MB),
        chart("Parameters of the default configurations", "parameters", sizes, PARAMETERS),
    ]
    return [each for each in drawn if each]


def by_platform(
    records: list[Record], field: str, titles: dict[str, str]
) -> dict[str, list[float]]:
    """The values of a field for each platform that has some."""
    found: dict[str, list[float]] = {}
    for record in records:
        if field in record:
            title = titles.get(str(record["platform"]), str(record["platform"]))
            found.setdefault(title, []).append(record[field])
    return found


def chart(title: str, unit: str, series: dict[str, list[float]], bins: Bins) -> dict[str, str]:
    """One histogram for each series, one above the other; empty where there are no values."""
    if not any(series.values()):
        return {}
    words = "; ".join(f"{name}: {summary(values, unit)}" for name, values in series.items())
    return {"title": title, "words": words, "svg": vl_convert.vegalite_to_svg(
        histogram(series, bins, unit), vl_version="5.20"
    )}  # fmt: skip


def summary(values: list[float], unit: str) -> str:
    """Median, 95th percentile, largest and sum in words."""
    ordered = sorted(values)
    middle, high = (ordered[math.ceil(share * len(ordered)) - 1] for share in (0.5, 0.95))
    total = f", {number(sum(values))} in all" if unit == "seconds" else ""
    return (
        f"{len(values)} values, median {number(middle)}, 95 % at most {number(high)}, "
        f"largest {number(ordered[-1])} {unit}{total}"
    )


def histogram(series: dict[str, list[float]], bins: Bins, unit: str) -> dict[str, Any]:
    """The Vega-Lite specification."""
    labels = bin_labels(bins)
    rows = []
    for name, values in series.items():
        counted = Counter(bisect.bisect_left(bins, value) for value in values)
        rows += [
            {"series": name, "bin": label, "count": counted[place]}
            for place, label in enumerate(labels)
        ]
    axis = {"labelColor": "currentColor", "titleColor": "currentColor", "gridColor": GRID,
            "domainColor": GRID, "tickColor": GRID, "labelFontSize": 11, "titleFontSize": 11,
            "labelFont": "inherit", "titleFont": "inherit",
            "titleFontWeight": "normal"}  # fmt: skip
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "background": "transparent",
        "data": {"values": rows},
        "facet": {"row": {"field": "series", "type": "nominal", "title": None,
                          "sort": list(series),
                          "header": {"labelAngle": 0, "labelAlign": "left", "labelOrient": "top",
                                     "labelAnchor": "start", "labelFont": "inherit",
                                     "labelColor": "currentColor", "labelFontSize": 12}}},
        "spec": {
            "width": 430,
            "height": 70 if len(series) > 1 else 150,
            "mark": {"type": "bar", "color": BAR, "cornerRadiusEnd": 2},
            "encoding": {
                "x": {"field": "bin", "type": "ordinal", "sort": list(labels), "title": unit,
                      "axis": {"labelAngle": 0, "grid": False}},
                "y": {"field": "count", "type": "quantitative", "title": None,
                      "axis": {"tickCount": 3, "format": "d"}},
            },
        },
        "resolve": {"scale": {"y": "independent"}},
        "spacing": 12,
        "config": {"axis": axis, "view": {"stroke": None}},
    }  # fmt: skip


def bin_labels(bins: Bins) -> list[str]:
    """A label for each bin: its upper end, and what is above the last."""
    return [f"≤ {number(each)}" if i == 0 else number(each) for i, each in enumerate(bins)] + [
        f"> {number(bins[-1])}"
    ]


def number(value: float) -> str:
    """A number in at most four characters and a unit prefix."""
    for limit, prefix in ((1e12, " T"), (1e9, " B"), (1e6, " M"), (1e4, " k")):
        if value >= limit:
            return f"{value / (1e3 if prefix == ' k' else limit):.3g}{prefix}"
    return f"{value:.3g}" if value < 1000 else f"{value:.0f}"
