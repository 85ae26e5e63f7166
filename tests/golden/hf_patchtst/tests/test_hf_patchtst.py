"""The contract of hf_patchtst, on every platform and for every task, and parity with the CPU."""

from hf_patchtst._runtime.testing.contract import *  # noqa: F403
