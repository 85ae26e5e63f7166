"""`python -m hf_patchtst`: test this skillset, look at the hardware, install a platform."""

from __future__ import annotations

import sys

from ._runtime.command_line import main
from .skillset import hf_patchtst

if __name__ == "__main__":
    sys.exit(main(hf_patchtst(), sys.argv[1:]))
