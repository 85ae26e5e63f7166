"""Runs a function in a separate process, with a time and a memory limit.

A job is JSON: the path of a function (`package.module:function`) and its argument. The function
gets the argument and returns JSON. If it fails - an exception, a crash, too much memory, too much
time - the result is a record `{"stage", "error", "parts"}`, in which `parts` is what the job had
reported before. A fork server imports the modules named by `preload` once, so that jobs start in
milliseconds where forking is supported.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import multiprocessing
import os
import sys
import tempfile
import threading
import time
import traceback
from dataclasses import dataclass
from functools import cache
from multiprocessing.connection import Connection
from typing import Any

MEMORY_MB = 8192
STOP_S = 0.2
"""Seconds between two checks whether a job was stopped."""
NEVER = threading.Event()

_channel: Connection | None = None
_starting = threading.Lock()


@dataclass(frozen=True)
class Limits:
    """The limits of one isolated job: wall-clock seconds, and MiB that it may allocate."""

    timeout_s: float
    memory_mb: int = MEMORY_MB


def preload(*modules: str) -> None:
    """Set the modules that the fork server imports once; call it before the first job."""
    if "forkserver" in multiprocessing.get_all_start_methods():
        multiprocessing.get_context("forkserver").set_forkserver_preload(list(modules))


@cache
def _server_folder() -> tempfile.TemporaryDirectory[str]:
    """The temporary folder of the fork server and its jobs; removed when this process ends."""
    return tempfile.TemporaryDirectory(prefix="hf-skillset-")


def _start_server() -> None:
    """Start the fork server, with its own temporary folder for files of imported modules."""
    from multiprocessing import forkserver

    with _starting:
        before = os.environ.get("TMPDIR")
        os.environ["TMPDIR"] = _server_folder().name
        try:
            forkserver.ensure_running()
        finally:
            os.environ.pop("TMPDIR")
            if before is not None:
                os.environ["TMPDIR"] = before


def enter_stage(name: str) -> None:
    """Report the job's stage to the parent, so that crashes and timeouts can be attributed."""
    if _channel is not None:
        _channel.send_bytes(json.dumps({"stage": name}).encode())


def report(part: Any) -> None:
    """Send the parent a part of the result (JSON), which is kept if the job crashes later."""
    if _channel is not None:
        _channel.send_bytes(json.dumps({"part": part}).encode())


def run_isolated(
    function_path: str,
    argument: Any,
    timeout_s: float,
    memory_mb: int,
    stop: threading.Event = NEVER,
) -> Any:
    """The function's result (JSON-compatible), or `{"stage", "error", "parts"}` if it failed.

    Args:
        function_path: `package.module:function`.
        argument: its argument; JSON-compatible.
        timeout_s: limit in wall-clock seconds.
        memory_mb: limit in MiB of what the job allocates on top of what its process has when it
            starts. Enforced on Linux; read-only mapped files and reserved addresses do not count.
        stop: ends the job once set.
    """
    methods = multiprocessing.get_all_start_methods()
    context: Any = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
    if "forkserver" in methods:
        _start_server()
    receiver, sender = context.Pipe(duplex=False)
    with tempfile.TemporaryDirectory(dir=_server_folder().name) as folder:
        log = os.path.join(folder, "output")
        job = json.dumps([function_path, argument, memory_mb, log])
        process = context.Process(target=_child, args=(job, sender), daemon=True)
        process.start()
        sender.close()
        try:
            return _await(process, receiver, log, timeout_s, stop)
        finally:
            if process.is_alive():
                process.kill()
            process.join()
            receiver.close()


def _await(
    process: Any, receiver: Connection, log: str, timeout_s: float, stop: threading.Event
) -> Any:
    """Read the child's messages until its result, its end, the deadline or `stop`."""
    stage = "start"
    parts: list[Any] = []
    deadline = time.monotonic() + timeout_s
    try:
        while _has_message(receiver, deadline, stop):
            message = json.loads(receiver.recv_bytes())
            if "stage" in message:
                stage = message["stage"]
            elif "part" in message:
                parts.append(message["part"])
            elif "error" in message:
                return {"stage": stage, "parts": parts, **message}
            else:
                return message["result"]
    except EOFError:
        process.join()
        error = f"process ended with {process.exitcode}{_tail(log)}"
        return {"stage": stage, "parts": parts, "error": error}
    error = "it was stopped" if stop.is_set() else f"no result after {timeout_s:g} s"
    return {"stage": stage, "parts": parts, "error": error}


def _has_message(receiver: Connection, deadline: float, stop: threading.Event) -> bool:
    """Wait for a message; False at the deadline, or if the job was cancelled."""
    while not stop.is_set():
        remaining = deadline - time.monotonic()
        if receiver.poll(max(0.0, min(remaining, STOP_S))):
            return True
        if remaining <= 0:
            return False
    return False


def _tail(log: str) -> str:
    """The last lines that a dead child printed: often the only information on a native crash."""
    with contextlib.suppress(OSError), open(log, errors="replace") as file:
        lines = file.read()[-2000:].strip().splitlines()[-5:]
        return ": " + " | ".join(lines) if lines else ""
    return ""


def _child(job: str, sender: Connection) -> None:
    """The child's side: limits, output redirection, the call, one final message."""
    global _channel
    function_path, argument, memory_mb, log = json.loads(job)
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    end_with_parent()
    _leave_nothing_behind(os.path.dirname(log))
    _limit_memory(memory_mb)
    _channel = sender
    try:
        module, _, name = function_path.partition(":")
        result = getattr(importlib.import_module(module), name)(argument)
        final = json.dumps({"result": result})
    except BaseException as error:  # a job may raise any exception; it is reported to the parent
        last = traceback.extract_tb(error.__traceback__)[-1:]
        where = f"{os.path.basename(last[0].filename)}:{last[0].lineno}" if last else ""
        final = json.dumps({"error": f"{type(error).__name__}: {error}", "where": where})
    sender.send_bytes(final.encode())
    sys.stdout.flush()
    os._exit(0)


def _leave_nothing_behind(folder: str) -> None:
    """Remove the job's temporary files at its end, even if it is killed.

    Temporary files are put into a folder that the parent removes. With the start method `fork`,
    locks of multiprocessing (such as that of a progress bar) are unnamed and need no removal.
    """
    tempfile.tempdir = os.environ["TMPDIR"] = folder
    if "fork" in multiprocessing.get_all_start_methods():
        multiprocessing.set_start_method("fork", force=True)


def end_with_parent() -> None:
    """End this process when its parent ends, even if the parent was killed.

    Nobody receives the result of such a worker, and it must not write anything.
    """
    threading.Thread(target=_wait_for_parent, daemon=True).start()


def _wait_for_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _limit_memory(memory_mb: int) -> None:
    """Limit the address space to the current size plus the allowance; no effect on Windows.

    Reserved addresses do not count: a CUDA context reserves more than the machine has memory, so
    that a limit of the address space (RLIMIT_AS) would end it at once.
    """
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        with open("/proc/self/statm") as file:
            allocated = int(file.read().split()[5]) * resource.getpagesize()
        limit = allocated + memory_mb * 2**20
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
