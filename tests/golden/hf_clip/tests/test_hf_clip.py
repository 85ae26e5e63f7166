"""The contract of hf_clip, on every platform and for every task, and parity with the CPU."""

from hf_clip._runtime.testing.contract import *  # noqa: F403
