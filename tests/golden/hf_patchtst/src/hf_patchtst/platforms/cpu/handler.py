"""CPU: torch eager in float32, the reference that every other platform is compared with."""

from __future__ import annotations

from typing import Any

from ..._runtime.platforms.base import Device
from ..._runtime.platforms.torch_platform import TorchPlatform


class CPU(TorchPlatform):
    """The host's processor."""

    default_dtype = "float32"

    def devices(self, torch: Any) -> tuple[Device, ...]:
        import psutil

        capability = torch.backends.cpu.get_cpu_capability()
        return (Device("cpu", f"CPU ({capability})", psutil.virtual_memory().total),)

    def free_memory(self, torch: Any, device: str) -> int:
        import psutil

        return int(psutil.virtual_memory().available)

    def missing(self, torch: Any) -> str:
        return "torch has no CPU backend"


PLATFORM = CPU
