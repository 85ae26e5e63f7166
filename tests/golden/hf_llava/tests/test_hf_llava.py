"""The contract of hf_llava, on every platform and for every task, and parity with the CPU."""

from hf_llava._runtime.testing.contract import *  # noqa: F403
