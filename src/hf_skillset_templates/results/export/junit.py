"""JUnit XML as Jenkins, GitLab and GitHub's test reporters read it (junit-10.xsd).

One test suite for each platform, one test case for each cell: the class is the model type, the
name is the task. What the registry knew to fail is a skipped test, as an expected failure is in
pytest's own files; an unavailable platform as well.
"""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from ..expectations import EXPECTED_FAILURE
from ..records import FAILED, VERIFIED, Record, row_name
from ..run_folder import Run

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(run: Run, path: Path) -> None:
    """Write the suites of a run."""
    root = Element("testsuites", name=f"hf-skillset {run.about['id']}")
    by_platform = sorted(run.records, key=lambda record: record["platform"])
    for platform, records in groupby(by_platform, key=lambda record: record["platform"]):
        add_suite(root, run, platform, list(records))
    ElementTree.indent(root)
    ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def add_suite(root: Element, run: Run, platform: str, records: list[Record]) -> None:
    """Add one platform's suite with its counts."""
    outcomes = [outcome(record) for record in records]
    suite = SubElement(
        root,
        "testsuite",
        name=text(platform),
        tests=str(len(records)),
        failures=str(outcomes.count("failure")),
        errors="0",
        skipped=str(outcomes.count("skipped")),
        time=f"{sum(record.get('seconds', 0.0) for record in records):.3f}",
        timestamp=run.about["started"].rstrip("Z"),
    )
    properties = SubElement(suite, "properties")
    for name, value in run.about["versions"].items():
        SubElement(properties, "property", name=text(name), value=text(value))
    for record in records:
        add_case(suite, record)


def add_case(suite: Element, record: Record) -> None:
    """Add one cell."""
    case = SubElement(
        suite,
        "testcase",
        classname=text(row_name(record)),
        name=text(record["task"]),
        time=f"{record.get('seconds', 0.0):.3f}",
    )
    kind = outcome(record)
    if kind != "passed":
        first, _, _ = record["detail"].partition("\n")
        element = SubElement(case, kind, message=text(f"{record['stage']}: {first}")[:500])
        if kind == "failure":
            element.set("type", text(record["stage"]))
            element.text = text(record["detail"])


def outcome(record: Record) -> str:
    """The JUnit outcome of a record: `passed`, `failure` or `skipped`."""
    if record["status"] == FAILED:
        return "skipped" if record.get("expectation") == EXPECTED_FAILURE else "failure"
    return "passed" if record["status"] in VERIFIED else "skipped"


def text(value: object) -> str:
    """Text without the characters that XML 1.0 forbids."""
    return _NOT_XML.sub("�", str(value))
