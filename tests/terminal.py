"""A command in a terminal of its own, for tests of questions."""

from __future__ import annotations

import fcntl
import os
import struct
import subprocess
import termios
from collections.abc import Sequence
from pathlib import Path

import pexpect
from pexpect.fdpexpect import fdspawn

ROWS, COLUMNS = 50, 160
PATIENCE_S = 120


class Terminal:
    """A running command whose standard streams are a terminal of 50 x 160 characters.

    `pexpect.spawn` runs Python code between fork and exec. In a test process that has native
    threads (OpenVINO, OpenMP, Dask) the child can die there without a word, so the command is
    started by `subprocess`, whose child runs no Python code before exec.
    """

    def __init__(self, command: Sequence[str], folder: Path | None = None) -> None:
        master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self._process = subprocess.Popen(
            command, cwd=folder, stdin=slave, stdout=slave, stderr=slave, start_new_session=True
        )
        os.close(slave)
        self._screen = fdspawn(master, timeout=PATIENCE_S, encoding="utf-8")

    def expect(self, pattern: str) -> None:
        """Read until a regular expression matches.

        Raises:
            AssertionError: the command ended or `PATIENCE_S` passed before; with its exit code,
                which is None while it runs, and the end of what it printed.
        """
        try:
            self._screen.expect(pattern)
        except (pexpect.EOF, pexpect.TIMEOUT):
            printed = str(self._screen.before)[-2000:]
            raise AssertionError(
                f"no {pattern!r}; exit code {self._ended()}; printed {printed!r}"
            ) from None

    def answer(self, keys: str = "") -> None:
        """Type keys, then Enter."""
        self._screen.send(f"{keys}\r")

    def wait(self) -> int:
        """The exit code of the command, once it has ended."""
        self._screen.expect(pexpect.EOF)
        self._screen.close()
        return self._process.wait(timeout=PATIENCE_S)

    def _ended(self) -> int | None:
        try:
            return self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            return None
