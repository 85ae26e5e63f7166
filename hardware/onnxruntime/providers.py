"""ONNX Runtime's execution providers, found by asking the runtime and running one operator."""

from __future__ import annotations

from functools import cache
from typing import Any

from hf_skillset_runtime.platforms.base import Device

CPU = "CPUExecutionProvider"
PROVIDERS = {
    CPU: (),
    "CUDAExecutionProvider": (),
    "TensorrtExecutionProvider": ("CUDAExecutionProvider",),
    "CoreMLExecutionProvider": (),
    "DmlExecutionProvider": (),
}
"""Provider -> those that run what it does not support, before the CPU's."""
NUMBERED = {
    "CUDAExecutionProvider": "device_id",
    "TensorrtExecutionProvider": "device_id",
    "DmlExecutionProvider": "device_id",
}
"""Provider -> its option for the number of the device."""
SILENT = 4
"""The log level at which ONNX Runtime writes fatal errors only."""


def provider_devices() -> tuple[Device, ...]:
    """The devices of the providers that run here: `<provider>`, and `<provider>:<i>` for more."""
    import onnxruntime

    available = onnxruntime.get_available_providers()
    found = []
    for provider in (name for name in PROVIDERS if name in available):
        for index, name in enumerate(device_names(provider)):
            label = f"{provider}:{index}" if index else provider
            if runs(label):
                found.append(Device(label, name, memory_of(provider)))
    return tuple(found)


def device_names(provider: str) -> list[str]:
    """The names of a provider's devices, as far as the runtime lists them; at least one."""
    import onnxruntime

    listed = [each.device for each in onnxruntime.get_ep_devices() if each.ep_name == provider]
    names = [f"{each.vendor} {each.type.name}" for each in listed]
    return names or [provider.removesuffix("ExecutionProvider")]


def memory_of(provider: str) -> int | None:
    """Bytes of memory of the host for its own provider; other providers do not report theirs."""
    if provider != CPU:
        return None
    import psutil

    return int(psutil.virtual_memory().total)


def provider_list(label: str) -> list[Any]:
    """The providers of a session for a device, each with its options, in order."""
    provider, _, number = label.partition(":")
    wanted = [provider, *PROVIDERS[provider]]
    chosen: list[Any] = [
        (name, {NUMBERED[name]: int(number or 0)}) if name in NUMBERED else name for name in wanted
    ]
    return chosen if provider == CPU else [*chosen, CPU]


@cache
def runs(label: str) -> bool:
    """Whether a provider runs one operator: one that is in the build may lack its device."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = SILENT
    try:
        session = onnxruntime.InferenceSession(one_operator(), options, provider_list(label))
        (total,) = session.run(None, {"x": [1.0]})
    except Exception:  # a missing device or library may raise any exception
        return False
    ran_on: str = session.get_providers()[0]
    return ran_on == label.partition(":")[0] and bool(total.tolist() == [2.0])


def one_operator() -> bytes:
    """A model that adds a number to itself."""
    from onnx import TensorProto, helper

    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "xy")
    graph = helper.make_graph([helper.make_node("Add", ["x", "x"], ["y"])], "probe", [x], [y])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    return bytes(model.SerializeToString())
