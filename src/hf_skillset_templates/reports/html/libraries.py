"""The table's library: DataTables and jQuery, as the Python package itables ships them."""

from __future__ import annotations

import re
from importlib.resources import files

NAME = "DataTables"
EXPORT = re.compile(r"export\s*\{([^}]*)\}\s*;?")


class LibraryError(RuntimeError):
    """The installed itables lacks expected files; the message says what to install."""


def table_library() -> str:
    """One script that sets `globalThis.jQuery`, with DataTables in it.

    itables ships an ES module. A page without a server cannot import one, so that its single
    export statement becomes an assignment.
    """
    text = (files("itables") / "html" / "dt_bundle.js").read_text(encoding="utf-8")
    statements = EXPORT.findall(text)
    if len(statements) != 1:
        raise LibraryError("itables' bundle has no single export: install the pinned itables")
    names = dict(reversed(part.split(" as ")) for part in statements[0].split(","))
    if "jQuery" not in names:
        raise LibraryError("itables' bundle exports no jQuery: install the pinned itables")
    return EXPORT.sub(lambda _: f"globalThis.jQuery={names['jQuery']};", text)
