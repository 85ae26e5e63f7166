"""Devices of ONNX Runtime's QNN execution provider, and sessions that compile graphs for HTP."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

PROVIDER = "QNNExecutionProvider"
EMULATED_SOC = "60"
"""SoC id that the HTP simulator is configured with; the same for all sessions of a process."""


@cache
def qnn_devices() -> list[Any]:
    """The devices of the QNN provider, Hexagon processors before emulators."""
    import onnxruntime
    import onnxruntime_qnn

    onnxruntime.register_execution_provider_library(PROVIDER, onnxruntime_qnn.get_library_path())
    devices = [device for device in onnxruntime.get_ep_devices() if device.ep_name == PROVIDER]
    return sorted(devices, key=is_real, reverse=True)


def is_real(device: Any) -> bool:
    """Whether a device of the provider is a Qualcomm NPU."""
    vendor: str = device.device.vendor
    return bool(device.device.type.name == "NPU") and vendor.startswith("Qualcomm")


class CompileError(RuntimeError):
    """HTP cannot run a graph."""

    stage = "compile"


def open_session(path: Path) -> Any:
    """Compile a graph for the HTP.

    Raises:
        CompileError: it cannot be compiled; the message has the unsupported operators.
    """
    import onnxruntime

    try:
        session = onnxruntime.InferenceSession(path, session_options(fallback=False))
        session.disable_fallback()
        return session
    except Exception as error:
        refused = ", ".join(refused_operators(path)) or "none by itself"
        raise CompileError(
            f"HTP does not run {path.name}; operators refused: {refused}. {error}"
        ) from error


def session_options(fallback: bool) -> Any:
    """Options of a session on HTP; on the emulator they include an SoC id."""
    import onnxruntime
    import onnxruntime_qnn

    device = qnn_devices()[0]
    chip = {} if is_real(device) else {"soc_model": EMULATED_SOC}
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.add_session_config_entry("session.disable_cpu_ep_fallback", str(int(not fallback)))
    options.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
    backend = {"backend_path": onnxruntime_qnn.get_qnn_htp_path(), **chip}
    options.add_provider_for_devices([device], backend)
    return options


def refused_operators(path: Path) -> list[str]:
    """The operators that HTP does not support: those assigned to the CPU with fallback enabled."""
    import onnxruntime

    try:
        session = onnxruntime.InferenceSession(path, session_options(fallback=True))
    except Exception:  # then HTP rejects the graph as a whole
        return []
    parts = session.get_provider_graph_assignment_info()
    return sorted(
        {node.op_type for part in parts if part.ep_name != PROVIDER for node in part.get_nodes()}
    )


def operators_by_place(session: Any) -> tuple[int, int]:
    """The number of operators of a session's graph that run on HTP, and of the others."""
    parts = session.get_provider_graph_assignment_info()
    on_htp = sum(len(part.get_nodes()) for part in parts if part.ep_name == PROVIDER)
    return on_htp, sum(len(part.get_nodes()) for part in parts) - on_htp
