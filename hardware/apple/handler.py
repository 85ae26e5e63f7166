"""Apple Silicon: torch on Metal (`mps`)."""

from __future__ import annotations

from typing import Any

from hf_skillset_runtime.platforms.base import Device
from hf_skillset_runtime.platforms.torch_platform import TorchPlatform


class Apple(TorchPlatform):
    """The GPU of an Apple Silicon machine.

    An operator that MPS does not support raises, unless `PYTORCH_ENABLE_MPS_FALLBACK=1` was set
    before torch was imported: then torch runs that operator on the CPU and warns.
    """

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
        """Whether it is the RuntimeError that MPS raises when out of memory."""
        return super().is_out_of_memory(error) or "MPS backend out of memory" in str(error)

    def release_memory(self) -> None:
        import torch

        torch.mps.empty_cache()


PLATFORM = Apple
