"""The contract of hf_vit, on every platform and for every task, and parity with the CPU."""

from hf_vit._runtime.testing.contract import *  # noqa: F403
