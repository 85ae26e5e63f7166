"""The contract of hf_whisper, on every platform and for every task, and parity with the CPU."""

from hf_whisper._runtime.testing.contract import *  # noqa: F403
