"""CPU: torch eager in float32, the reference that every other platform is compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import Device
from .torch_platform import TorchPlatform

if TYPE_CHECKING:
    from ..endpoint import Endpoint


class CPU(TorchPlatform):
    """The host's processor."""

    name = "cpu"
    default_device = "cpu"

    def devices(self, torch: Any) -> tuple[Device, ...]:
        import psutil

        capability = torch.backends.cpu.get_cpu_capability()
        return (Device("cpu", f"CPU ({capability})", psutil.virtual_memory().total),)

    def free_memory(self, torch: Any, device: str) -> int:
        import psutil

        return psutil.virtual_memory().available

    def missing(self, torch: Any) -> str:
        return "torch has no CPU backend"


PLATFORM = CPU()


def init_cpu(
    skillset: Any,
    model: str,
    device: str = PLATFORM.default_device,
    cpu_label: str = PLATFORM.name,
    *converters: Any,
    task: str | None = None,
) -> Endpoint:
    """Load `model` (hub id or local folder) on the CPU; see `Skillset.open_endpoint`."""
    return skillset.open_endpoint(PLATFORM, model, device, cpu_label, task)
