"""The HTP of ONNX Runtime's QNN provider: its devices, and sessions that compile graphs for it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

PROVIDER = "QNNExecutionProvider"
EMULATED_SOC = "60"
"""SoC id that the HTP simulator is configured with; every session of a process has the same."""


@cache
def qnn_devices() -> list[Any]:
    """The devices that the QNN provider finds, a Hexagon processor before what emulates one."""
    import onnxruntime
    import onnxruntime_qnn

    onnxruntime.register_execution_provider_library(PROVIDER, onnxruntime_qnn.get_library_path())
    found = [device for device in onnxruntime.get_ep_devices() if device.ep_name == PROVIDER]
    return sorted(found, key=is_real, reverse=True)


def is_real(device: Any) -> bool:
    """Whether a device of the provider is a Qualcomm NPU."""
    vendor: str = device.device.vendor
    return bool(device.device.type.name == "NPU") and vendor.startswith("Qualcomm")


class CompileError(RuntimeError):
    """The HTP does not take a graph."""

    stage = "compile"


def open_session(path: Path) -> Any:
    """Compile a graph for the HTP.

    Raises:
        CompileError: it cannot be compiled; names the operators that the HTP does not take.
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
    """Options of a session on the HTP; on the emulator they name an SoC id."""
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
    """The operators that would run on the CPU if that were allowed."""
    import onnxruntime

    try:
        session = onnxruntime.InferenceSession(path, session_options(fallback=True))
    except Exception:  # then the graph as a whole is refused
        return []
    parts = session.get_provider_graph_assignment_info()
    return sorted(
        {node.op_type for part in parts if part.ep_name != PROVIDER for node in part.get_nodes()}
    )


def operators_by_place(session: Any) -> tuple[int, int]:
    """How many operators of a session's graph run on the HTP, and how many elsewhere."""
    parts = session.get_provider_graph_assignment_info()
    on_htp = sum(len(part.get_nodes()) for part in parts if part.ep_name == PROVIDER)
    return on_htp, sum(len(part.get_nodes()) for part in parts) - on_htp
