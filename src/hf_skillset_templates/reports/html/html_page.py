"""Puts the page together: one file, a policy that lets nothing in, data that stays data."""

from __future__ import annotations

import base64
import hashlib
import json
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from .libraries import table_library

SCRIPTS = ("dom", "data", "state", "filters", "squares", "summary", "plots", "matrix", "details",
           "views", "app")  # fmt: skip
"""The page's own scripts, in the order in which each uses those before it."""


def html_page(data: dict[str, Any]) -> str:
    """The report."""
    own = "\n".join(part(f"{name}.js") for name in SCRIPTS)
    scripts = [inline(table_library()), inline(f'"use strict";\n{own}')]
    style = part("report.css")
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    return environment.from_string(part("report.html.jinja")).render(
        policy=policy(scripts, style),
        style=Markup(style),
        scripts=[Markup(script) for script in scripts],
        data=Markup(as_data(data)),
        about=data["about"],
    )


def part(name: str) -> str:
    """One of the page's files."""
    return (files(__package__) / "page" / name).read_text(encoding="utf-8")


def policy(scripts: list[str], style: str) -> str:
    """A content security policy: these scripts, this style, and nothing from anywhere."""
    allowed = " ".join(map(digest, scripts))
    return (
        f"default-src 'none'; script-src {allowed}; style-src {digest(style)}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def digest(text: str) -> str:
    """How a policy names a script or a style."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def inline(script: str) -> str:
    """A script that an HTML parser reads to its end: no `</script` and no `<!--` in its texts."""
    return script.replace("</script", r"<\/script").replace("<!--", r"<\!--")


def as_data(data: dict[str, Any]) -> str:
    """JSON in which nothing is markup."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", r"\u003c").replace("\u2028", r"\u2028").replace("\u2029", r"\u2029")
