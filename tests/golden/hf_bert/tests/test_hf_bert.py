"""The contract of hf_bert, on every platform and for every task, and parity with the CPU."""

from hf_bert._runtime.testing.contract import *  # noqa: F403
