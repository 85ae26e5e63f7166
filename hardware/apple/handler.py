"""Apple Silicon: torch on Metal (`mps`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import Device
from .torch_platform import TorchPlatform

if TYPE_CHECKING:
    from ..endpoint import Endpoint


class Apple(TorchPlatform):
    """The GPU of an Apple Silicon machine.

    An operator that Metal lacks raises, unless `PYTORCH_ENABLE_MPS_FALLBACK=1` was set before
    torch was imported: then torch runs that operator on the CPU and warns.
    """

    name = "apple"
    default_device = "mps"

    def devices(self, torch: Any) -> tuple[Device, ...]:
        if not torch.backends.mps.is_available():
            return ()
        return (Device("mps", "Apple GPU (Metal)", torch.mps.recommended_max_memory()),)

    def free_memory(self, torch: Any, device: str) -> int:
        free: int = torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory()
        return free

    def missing(self, torch: Any) -> str:
        if not torch.backends.mps.is_built():
            return f"torch {torch.__version__} is built without MPS"
        return "torch is built with MPS, but macOS is older than 14 or has no Metal device"

    def is_out_of_memory(self, error: Exception) -> bool:
        """MPS raises a RuntimeError whose text says so."""
        return super().is_out_of_memory(error) or "MPS backend out of memory" in str(error)

    def release_memory(self) -> None:
        import torch

        torch.mps.empty_cache()


PLATFORM = Apple()


def init_apple(
    skillset: Any,
    model: str,
    device: str = PLATFORM.default_device,
    apple_label: str = PLATFORM.name,
    *converters: Any,
    task: str | None = None,
) -> Endpoint:
    """Load `model` (hub id or local folder) on Metal; see `Skillset.open_endpoint`."""
    return skillset.open_endpoint(PLATFORM, model, device, apple_label, task)
