"""The contract of hf_t5, on every platform and for every task, and parity with the CPU."""

from hf_t5._runtime.testing.contract import *  # noqa: F403
