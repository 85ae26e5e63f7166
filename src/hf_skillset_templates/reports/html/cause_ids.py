"""Names for causes that stay the same from report to report, so that an address keeps its sense."""

from __future__ import annotations

import hashlib


def cause_id(stage: str, fingerprint: str) -> str:
    """Eight hexadecimal digits."""
    return hashlib.sha256(f"{stage}\n{fingerprint}".encode()).hexdigest()[:8]
