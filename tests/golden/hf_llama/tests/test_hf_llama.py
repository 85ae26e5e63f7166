"""The contract of hf_llama, on every platform and for every task, and parity with the CPU."""

from hf_llama._runtime.testing.contract import *  # noqa: F403
