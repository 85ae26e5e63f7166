"""Install the requirements of a make target into the running interpreter.

    python environment/install.py generate   # generating packages: Copier, no torch
    python environment/install.py report     # the HTML report, no torch
    python environment/install.py models     # building the registry, running every test

Versions come from constraints.txt. torch is pinned first, so that no other requirement installs
another build of it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ENVIRONMENT = Path(__file__).resolve().parent
ROOT = ENVIRONMENT.parent
SITE_PACKAGES = Path(sysconfig.get_path("purelib"))
EXTRAS = {
    "generate": "",
    "report": "[report]",
    "models": "[models,openvino,qualcomm,report,dask,quality]",
}
BESIDE_TORCH = ("torchvision==0.28.0", "torchaudio==2.11.0", "timm==1.0.31")
"""Installed without dependencies, which would include a CUDA build of torch."""


def pip(*arguments: str) -> None:
    """Run pip in this interpreter."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", *arguments]
    subprocess.run(command, check=True)


def install(target: str) -> None:
    """Install the requirements of `target`."""
    pip(
        "--constraint",
        str(ENVIRONMENT / "constraints.txt"),
        "--editable",
        f"{ROOT}{EXTRAS[target]}",
    )
    if target == "models":
        pip("--no-deps", *BESIDE_TORCH)
        make_torchvision_importable()
        make_torchaudio_importable()


def imports(module: str) -> bool:
    """Whether a module can be imported, in a separate process."""
    finished = subprocess.run([sys.executable, "-c", f"import {module}"], capture_output=True)
    return finished.returncode == 0


def make_torchvision_importable() -> None:
    """Declare torchvision's operators if its extension does not match the torch build."""
    if not imports("torchvision"):
        shutil.copyfile(ENVIRONMENT / "torchvision_ops.py", SITE_PACKAGES / "torchvision_ops.py")
        (SITE_PACKAGES / "torchvision_ops.pth").write_text("import torchvision_ops\n")


def make_torchaudio_importable() -> None:
    """Rename torchaudio's native library if it does not match the torch build; it is optional."""
    native = SITE_PACKAGES / "torchaudio" / "lib"
    if native.is_dir() and not imports("torchaudio"):
        native.rename(native.with_name("lib.unused"))


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in EXTRAS:
        sys.exit(f"usage: install.py {'|'.join(EXTRAS)}")
    install(sys.argv[1])
