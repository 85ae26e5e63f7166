"""The report in a real browser: what it shows, how quick it is, and that it lets nothing in."""

from __future__ import annotations

import json
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("playwright.sync_api", reason="needs the extra `quality`")
pytest.importorskip("itables", reason="needs the extra `report`")

from hf_skillset_templates.registry.store.paths import MODELS, ROOT
from hf_skillset_templates.reports.html.browser import (
    MISSING,
    chromium,
    find_chromium,
    open_report,
    set_filter,
    thread_seconds,
)
from hf_skillset_templates.reports.html.build import build_report, report_page
from hf_skillset_templates.results.from_registry import read_entries
from hf_skillset_templates.results.machine import machine, versions
from hf_skillset_templates.results.run_folder import Run, RunWriter
from hf_skillset_templates.results.source import registry_run

AXE = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice")
ADDRESSES = (
    "#/",
    "#/type/bert",
    "#/task/fill-mask",
    "#/tasks",
    "#/cell/chmv2/openvino",
    "#/type/nope",
)
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1440, "height": 900}
Open = Callable[..., Any]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium."""
    path = find_chromium()
    if path is None:
        pytest.skip(MISSING)
    with chromium(path) as running:
        yield running


@pytest.fixture(scope="module")
def registry_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the committed registry."""
    path = tmp_path_factory.mktemp("registry") / "report.html"
    path.write_text(build_report("registry", None)[0], encoding="utf-8")
    return path


@pytest.fixture
def visit(browser: Any) -> Iterator[Open]:
    """Opens a report at an address and waits for it; every problem of the page is an error."""
    contexts, problems = [], []

    def visit(path: Path, address: str = "#/", **options: Any) -> Any:
        context = browser.new_context(**{"viewport": DESKTOP, **options})
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(f"error: {error}"))
        page.on("console", lambda output: problems.append(f"{output.type}: {output.text}"))
        page.on("dialog", lambda box: (problems.append(f"dialog: {box.message}"), box.dismiss()))
        page.on("request", lambda asked: allow(asked.url, path, problems))
        open_report(page, path, address)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert problems == []


def allow(url: str, path: Path, problems: list[str]) -> None:
    """A page may ask for itself, and for data that it holds."""
    if not url.startswith((path.as_uri(), "data:")):
        problems.append(f"request: {url}")


@contextmanager
def turned(page: Any) -> Iterator[None]:
    """A change of the address: the page renders the new one in an event of its own."""
    page.evaluate(
        "() => { window.turn = new Promise(done => addEventListener('hashchange', () => done(1))) }"
    )
    yield
    page.evaluate("window.turn")


def rows(page: Any) -> list[str]:
    """The model types in the matrix."""
    return page.locator("#table tbody td.dt-name").all_inner_texts()


def shown(page: Any) -> int:
    """How many model types pass the filters, as the page says."""
    return int(page.inner_text("#shown").split()[0].replace(",", ""))


def test_it_shows_the_registry(visit: Open, registry_report: Path) -> None:
    page = visit(registry_report)
    entries = [json.loads(path.read_text("utf-8")) for path in (ROOT / "registry/models").iterdir()]
    assert shown(page) == len(entries)
    verified = sum(len(e.get("hardware_compatibility", {}).get("cpu", {}).get("verified", ()))
                   for e in entries)  # fmt: skip
    assert f"{verified:,} of" in page.inner_text("#cards .card:first-child")
    funnel = [int(text.replace(",", "")) for text in
              page.locator("#funnel td:nth-child(2) span").all_inner_texts()]  # fmt: skip
    assert funnel == sorted(funnel, reverse=True)
    assert funnel[-1] == verified
    assert page.locator("table.plot").count() >= 2
    assert page.locator("#table tbody tr").first.locator("a.sq").count() >= 6


def test_the_address_keeps_the_filters(visit: Open, registry_report: Path) -> None:
    page = visit(registry_report)
    page.fill("#filter-q", "bert")
    assert rows(page) == [name for name in sorted(rows(page)) if "bert" in name]
    page.select_option("#filter-task", "fill-mask")
    page.select_option("#filter-platform", "qualcomm")
    result = shown(page), rows(page)
    page.locator("#table th", has_text=re.compile("^Time")).locator("[role=button]").click()
    page.locator("#table th[aria-sort=descending]", has_text=re.compile("^Time")).wait_for()
    ordered = rows(page)
    assert sorted(ordered) == sorted(result[1])
    assert page.locator("#table th[aria-sort=descending]").inner_text().startswith("Time")
    page.reload()
    page.wait_for_selector("html[data-ready]", state="attached")
    assert (shown(page), rows(page)) == (result[0], ordered)
    page.click("#reset")
    assert shown(page) > result[0]


def test_every_status_filters(visit: Open, registry_report: Path) -> None:
    page = visit(registry_report, "#/?platform=openvino")
    everything = shown(page)
    counted = {}
    for value in page.eval_on_selector_all("#filter-status option", "all => all.map(o => o.value)"):
        page.select_option("#filter-status", value)
        counted[value] = shown(page)
    assert counted[""] == everything
    assert 0 < counted["failed"] < counted["verified"] < everything
    alone = counted["verified"] + counted["failed"] + counted["unmeasured"] + counted["notiny"]
    assert abs(alone - everything) <= 2  # some tasks pass and some fail


def test_a_cause_leads_to_its_cells(visit: Open, registry_report: Path) -> None:
    page = visit(registry_report)
    first = page.locator(".causes li").first
    many = int(first.locator(".many").inner_text())
    first.locator("summary").click()
    names = first.locator(".names a").all_inner_texts()
    with turned(page):
        first.locator("a.only").click()
    assert "cause=" in page.url
    assert sorted(rows(page)) == sorted(set(names))
    assert shown(page) <= many


def test_kinds_of_failure_filter(visit: Open, registry_report: Path) -> None:
    page = visit(registry_report, "#/?platform=qualcomm")
    failures = int(page.inner_text("#causes").split()[0].replace(",", ""))
    kinds = page.locator(".kinds button")
    counted = [int(text.split()[0].replace(",", "")) for text in kinds.all_inner_texts()]
    assert sum(counted) == failures
    assert counted == sorted(counted, reverse=True)
    expected = counted[[*map(str.strip, kinds.all_inner_texts())].index(
        kinds.filter(has_text="operators refused").inner_text().strip())]  # fmt: skip
    kinds.filter(has_text="operators refused").click()
    assert "kind=operator" in page.url
    held = int(page.locator(".kinds button").inner_text().split()[0])
    assert (held, shown(page)) == (expected, expected)
    assert page.evaluate("document.activeElement.textContent").endswith("operators refused")
    assert "relative error" not in page.inner_text("#causes")  # the cosine decides there
    assert all("refused" in text for text in page.locator(".causes .error").all_inner_texts())


def test_a_square_says_that_tasks_are_not_measured(visit: Open, registry_report: Path) -> None:
    tasks = json.loads((ROOT / "registry/models/bert.json").read_text("utf-8"))["tasks"]
    page = visit(registry_report, "#/?q=bert&platform=openvino")
    square = page.locator("a.sq[href*='/bert/openvino']")
    missing = len(tasks) - 1
    assert square.get_attribute("aria-label") == (
        f"bert on OpenVINO: verified, 1 of 1 measured task, {missing} not measured"
    )
    assert "some" in square.get_attribute("class").split()
    page.select_option("#filter-task", "fill-mask")
    assert "some" not in square.get_attribute("class").split()
    assert f"{missing} not measured" not in square.get_attribute("aria-label")


def test_no_stage_loses_more_cells_than_it_may(visit: Open, registry_report: Path) -> None:
    """`build` and `eager` run on the CPU: what passes them there is not lost there elsewhere."""
    page = visit(registry_report)
    cells = [
        record for record in registry_run(read_entries(MODELS)).records
        if record["platform"] == "cpu" and record["status"] == "FAILED"
    ]  # fmt: skip
    eager = sum(record["stage"] in ("load", "run") for record in cells)
    row = page.locator("#funnel tr", has=page.locator("th", has_text="eager"))
    lost = [int("0" + text.partition("\u2212")[2]) for text in row.locator("td").all_inner_texts()]
    assert lost[0] == eager
    assert 0 < max(lost[1:]) <= eager


def test_a_verified_error_is_within_what_is_shown(visit: Open, registry_report: Path) -> None:
    """The error that was compared with the tolerance, or the cosine where a platform quantizes."""
    page = visit(registry_report, "#/cell/bert/openvino")
    text = page.inner_text("dialog")
    error, tolerance = re.search(
        r"relative error ([\d.e-]+) \(tolerance ([\d.e-]+)\)", text
    ).groups()
    assert 0 < float(error) <= float(tolerance)
    assert "100.0 % of the operations in them" in text
    with turned(page):
        page.evaluate("location.hash = '#/cell/bert/qualcomm'")
    cosine, least = re.search(
        r"cosine ([\d.]+) \(at least ([\d.]+)\)", page.inner_text("dialog")
    ).groups()
    assert float(cosine) >= float(least)
    assert "tolerance" not in page.inner_text("dialog")


def test_the_plots_follow_the_filters(visit: Open, registry_report: Path) -> None:
    page = visit(registry_report)
    everything = dict(bars(page))
    entries = read_entries(MODELS)
    measured = {name for each in entries for name in each.get("hardware_compatibility", {})}
    assert len(everything) == len(measured) + 1  # one is of the model types
    assert {"CPU", "OpenVINO", "Qualcomm", "Model types"} <= set(everything)
    shown = page.inner_text("#plots")
    assert all(f"{sum(counts):,} values" in shown for counts in everything.values())
    page.select_option("#filter-platform", "openvino")
    assert [name for name, _ in bars(page)] == ["OpenVINO", "Model types"]
    assert dict(bars(page))["OpenVINO"] == everything["OpenVINO"]
    page.fill("#filter-q", "bert")
    assert 0 < sum(bars(page)[0][1]) < sum(everything["OpenVINO"])
    page.fill("#filter-q", "no such model type")
    assert "Nothing that was measured" in page.inner_text("#plots")


def bars(page: Any) -> list[tuple[str, list[int]]]:
    """Each series of the plots, and how many values each of its ranges holds."""
    result = []
    for series in page.locator("table.plot tbody").all():
        texts = series.locator(".bars td span").all_text_contents()
        name = series.locator("th").evaluate("head => head.firstChild.data")
        result.append((name, [int(text.replace(",", "")) for text in texts]))
    return result


def test_drill_down_by_keyboard(visit: Open, registry_report: Path) -> None:
    page = visit(registry_report, "#/?q=bert&platform=openvino&status=failed&sort=name-desc")
    page.fill("#filter-q", "")
    name = rows(page)[0]
    page.locator("#table tbody tr").first.locator("a.sq").first.focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowUp", "ArrowRight"):
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog[open]")
    assert page.inner_text("#cell-title") == f"{name} on OpenVINO"
    assert "failed at" in page.inner_text("dialog")
    assert f"--only {name} --platform openvino" in page.inner_text("dialog")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog[open]", state="detached")
    assert "status=failed" in page.url
    assert page.evaluate("document.activeElement.className").startswith("sq")


def test_views_of_types_and_tasks(visit: Open, registry_report: Path) -> None:
    page = visit(registry_report, "#/type/bert")
    text = page.inner_text("#view")
    for expected in ("google-bert/bert-base-uncased", "BertConfig", "-d model_type=bert", "torch"):
        assert expected in text
    page.locator("details.task summary").first.click()
    assert "[batch, sequence, 30522]" in page.inner_text("#view")
    with turned(page):
        page.locator("#view a", has_text="fill-mask").first.click()
    assert page.url.endswith("/task/fill-mask")
    assert "masked token" in page.inner_text("#view")
    assert "`" not in text
    assert page.locator("#view tbody tr").count() > 40
    with turned(page):
        page.click("nav a:has-text('Tasks')")
    assert page.locator("#view tbody tr").count() > 60
    with turned(page):
        page.goto(page.url.partition("#")[0] + "#/type/nope")
    assert "No model type nope" in page.inner_text("#view")


def test_it_is_quick(visit: Open, registry_report: Path) -> None:
    """Seconds of the page's own thread, so that other work on the machine does not count."""
    page = visit(registry_report, "#/tasks")
    page.goto("about:blank")
    assert 0.05 < open_report(page, registry_report) < 1.0
    for name, value in (("q", "b"), ("task", "feature-extraction"), ("status", "failed")):
        before = thread_seconds(page)
        set_filter(page, name, value)
        assert thread_seconds(page) - before < 0.1, name


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(visit: Open, registry_report: Path, scheme: str, axe: str) -> None:
    size = PHONE if scheme == "dark" else DESKTOP
    page = visit(registry_report, viewport=size, color_scheme=scheme, bypass_csp=True)
    page.evaluate(axe)
    for address in ADDRESSES:
        page.evaluate("address => { location.hash = address }", address)
        page.wait_for_timeout(50)
        options = {"runOnly": list(AXE), "resultTypes": ["violations"]}
        result = page.evaluate("options => axe.run(document, options)", options)["violations"]
        problems = [(each["id"], node["html"][:200], node["failureSummary"])
                    for each in result for node in each["nodes"]]  # fmt: skip
        assert problems == [], address
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], address


@pytest.fixture(scope="module")
def axe() -> str:
    """The script of axe-core."""
    module = pytest.importorskip("axe_playwright_python", reason="needs the extra `quality`")
    return (Path(module.__file__).parent / "axe.min.js").read_text("utf-8")


def payloads() -> list[str]:
    """A hundred texts that would run, load or break out, were they not inert."""
    run = "window.hit=1"
    forms = [
        "<script>{}</script>", "</script><script>{}</script>", "<img src=x onerror={}>",
        "<svg onload={}>", "\"><img src=x onerror='{}'>", "javascript:{}", "'-{}-'", "${{{}}}",
        "<!--<script>{}", "]]><script>{}</script>", "<iframe srcdoc='<script>{}</script>'>",
        "<a href=javascript:{}>x</a>", "<style>*{{background:url(http://evil.test/)}}</style>",
        "\u2028{}\u2029", "\\u003cscript>{}", "{{{{{}}}}}", "<base href=http://evil.test/>",
        "<meta http-equiv=refresh content='0;url=http://evil.test'>", "__proto__",
        "<link rel=stylesheet href=http://evil.test/x.css>",
    ]  # fmt: skip
    before = ["", " ", "x", "</textarea>", "</title>"]
    return [start + form.format(run) for start in before for form in forms]


@pytest.fixture(scope="module")
def hostile_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a run in which every text is a payload."""
    folder = tmp_path_factory.mktemp("hostile")
    texts = payloads()
    about = {
        "id": texts[4],
        "versions": {"template": texts[0], texts[2]: texts[3]},
        "started": texts[5],
    }
    records = []
    for place, text in enumerate(texts):
        records.append({
            "model_type": text, "task": texts[place // 10], "platform": texts[place % 4],
            "status": "FAILED" if place % 3 else "REAL", "stage": "load", "detail": text,
            "versions": {text: text}, "worker": text, "device": text, "seconds": 1.0,
            "parity": {"max_error": text, "cosine": text, "tolerance": 1.0, "tie": text},
        })  # fmt: skip
    entries = read_entries(MODELS)
    page = report_page(Run(folder, about, records), registry_run(entries), entries)
    (folder / "report.html").write_text(page, encoding="utf-8")
    return folder / "report.html"


def started(folder: Path, named: dict[str, str] | None = None) -> RunWriter:
    """A run that has begun."""
    about = {"versions": named or versions([], "v1"), "machine": machine({})}
    return RunWriter.start(folder, about | {"platforms": ["cpu"], "planned": 0})


def test_a_hundred_payloads_stay_text(visit: Open, hostile_report: Path) -> None:
    texts = payloads()
    assert len(set(texts)) == len(texts) == 100
    page = visit(hostile_report)
    page.select_option(".dt-length select", "-1")
    assert set(rows(page)) >= {
        text for text in texts if text == text.strip() and "\u2028" not in text
    }
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    for address in ("#/tasks", "#/changes", *(f"#/cell/{q}/{p}" for q, p in hrefs(page)[:20])):
        page.evaluate("address => { location.hash = address }", address)
        page.wait_for_timeout(20)
    for text in texts[:20]:
        page.fill("#filter-q", text) if page.is_visible("#filter-q") else None
        page.evaluate("text => { location.hash = `#/type/${encodeURIComponent(text)}` }", text)
        page.wait_for_timeout(20)
    assert page.evaluate("window.hit") is None
    assert page.evaluate("document.querySelectorAll('img, iframe, base, svg [onload]').length") == 0
    assert page.evaluate("document.querySelectorAll('script').length") == 3
    assert page.evaluate("[].concat({}.hit, Object.prototype.hit).join('')") == ""


def hrefs(page: Any) -> list[tuple[str, str]]:
    """The parts of the addresses of the squares in view."""
    result = page.eval_on_selector_all("a.sq", "all => all.map(each => each.hash)")
    return [tuple(each.partition("?")[0].split("/")[2:4]) for each in result]


def test_the_policy_stops_a_script_of_another(visit: Open, registry_report: Path) -> None:
    html = registry_report.read_text("utf-8")
    damaged = registry_report.with_name("damaged.html")
    attack = "<script>window.hit=1</script><img src=x onerror=window.hit=2>"
    damaged.write_text(html.replace("<main", f"{attack}<main"), encoding="utf-8")
    page = visit(registry_report).context.new_page()
    page.goto(damaged.as_uri())
    page.wait_for_selector("html[data-ready]", state="attached")
    assert page.evaluate("window.hit") is None


def test_a_run_of_a_thousand_failures(visit: Open, tmp_path: Path) -> None:
    chance = random.Random(0)
    started(tmp_path / "run").finish()
    errors = [f"{name}Error: {'long text ' * 40}" for name in "ABCDEFGH"]
    with (tmp_path / "run" / "results.jsonl").open("w") as file:
        for number in range(1000):
            record = {
                "model_type": f"type{number // 2}", "task": "fill-mask", "status": "FAILED",
                "platform": ("cpu", "openvino")[number % 2], "expectation": "regression",
                "stage": chance.choice(["build", "load", "run", "match"]),
                "detail": f"{chance.choice(errors)} {number}", "seconds": chance.random() * 100,
                "stage_seconds": {"build": 0.5, "load": 1.5}, "peak_memory_mb": 700.0 + number,
            }  # fmt: skip
            file.write(json.dumps(record) + "\n")
    page_text, _ = build_report(str(tmp_path / "run"), "registry")
    (tmp_path / "report.html").write_text(page_text, encoding="utf-8")
    page = visit(tmp_path / "report.html", viewport=PHONE)
    assert "1,000 failures, 32 causes" in page.inner_text("#causes")
    assert "1,000 newly measured" in page.inner_text("#changed")
    assert page.inner_text("h1").endswith("UTC")
    assert page.locator("table.plot").count() == 2
    page.click("#causes .more")
    assert page.locator(".causes li").count() == 32
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    with turned(page):
        page.click("nav a:has-text('Changes')")
    assert "Newly measured 1,000" in page.inner_text("#view")
    table = page.locator("#view .panel", has_text="Newly measured")
    assert table.locator("tbody tr").count() == 20
    table.locator("button").click()
    assert table.locator("tbody tr").count() == 1000
    assert table.locator("button").count() == 0
    with turned(page):
        page.goto(page.url.partition("#")[0] + "#/cell/type3/openvino")
    assert "build 0.5 s, load 1.5 s" in page.inner_text("dialog")


def test_it_prints_every_row(visit: Open, registry_report: Path) -> None:
    page = visit(registry_report, "#/?q=bert")
    expected = shown(page)
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert len(rows(page)) == expected
    assert not page.is_visible("#filters")
    assert page.pdf()[:4] == b"%PDF"


def test_the_theme_is_chosen(visit: Open, registry_report: Path) -> None:
    page = visit(registry_report, color_scheme="light")
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.click("#theme")
    page.click("#theme")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
    assert "dark" in page.get_attribute("#theme", "aria-label")


def test_the_command(tmp_path: Path) -> None:
    script = [sys.executable, str(ROOT / "scripts/report.py")]
    refused = subprocess.run([*script, str(tmp_path)], capture_output=True, text=True)
    assert refused.returncode == 2
    assert "Traceback" not in refused.stderr
    assert "run.json is missing" in refused.stderr
    assert shutil.which("false") is None or not (tmp_path / "report.html").exists()
