"""`python -m hf_llava`: test this skillset, look at the hardware, install a platform."""

from __future__ import annotations

import sys

from ._runtime.command_line import main
from .skillset import hf_llava

if __name__ == "__main__":
    sys.exit(main(hf_llava(), sys.argv[1:]))
