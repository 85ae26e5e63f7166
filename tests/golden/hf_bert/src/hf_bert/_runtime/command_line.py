# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""The command line of a skillset: test it, show the hardware, install requirements."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, NoReturn

from .platforms.base import Device, HardwareUnavailableError
from .self_test.run import TestRecord
from .sizes import UnknownSizeError
from .skillset import Skillset

STATUSES = ("REAL", "EMULATED", "MOCK", "UNAVAILABLE", "FAILED")
BAD_USAGE = 2
EXAMPLES = """\
examples:
  python -m {package} --model CHECKPOINT
  python -m {package} --model CHECKPOINT --platform cpu --json records.json
  python -m {package} --model CHECKPOINT --sizes
  python -m {package} --hardware --json -
  python -m {package} --export onnxruntime --model CHECKPOINT --output exported
  python -m {package} --install openvino
"""


class UsageError(Exception):
    """A usage error; its message is printed and the exit code is 2."""


class Parser(argparse.ArgumentParser):
    """An argument parser that raises `UsageError` with a one-line message."""

    def error(self, message: str) -> NoReturn:
        """Raise `UsageError`."""
        raise UsageError(f"{message} (--help shows examples)")


def main(skillset: Skillset, argv: Sequence[str]) -> int:
    """Run one command; returns the exit code (0 all good, 1 something failed, 2 bad usage)."""
    try:
        arguments = parser(skillset).parse_args(argv)
        if arguments.json not in (None, "-"):
            require_writable(Path(arguments.json))
        if arguments.install is not None:
            return install(skillset, arguments.install)
        if arguments.hardware:
            return show_hardware(skillset, arguments.json)
        if arguments.sizes:
            return show_sizes(skillset, arguments)
        if arguments.export is not None:
            return export(skillset, arguments)
        return run_test(skillset, arguments)
    except (UsageError, UnknownSizeError, HardwareUnavailableError) as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        return BAD_USAGE


def require_writable(path: Path) -> None:
    """Raise `UsageError` early if a file cannot be written."""
    try:
        if path.is_dir():
            raise UsageError(f"{path} is a folder; expected a file")
        with TemporaryFile(dir=path.absolute().parent):
            pass
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be written: {error}") from error


def parser(skillset: Skillset) -> argparse.ArgumentParser:
    """The argument parser of `python -m`."""
    result = Parser(
        prog=f"python -m {skillset.package}",
        description=f"Test {skillset.model_type} on the platforms of this machine.",
        epilog=EXAMPLES.format(package=skillset.package),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    checkpoint = skillset.registry.get("default_checkpoint")
    platforms = list(skillset.registry["platforms"])
    result.add_argument("--model", default=checkpoint, help="hub id or folder [%(default)s]")
    result.add_argument("--task", action="append", choices=list(skillset.tasks), help="repeatable")
    result.add_argument(
        "--platform",
        action="append",
        choices=platforms,
        help="repeatable",
    )
    result.add_argument("--json", metavar="FILE", help="write the records there; '-' for stdout")
    result.add_argument(
        "--hardware",
        action="store_true",
        help="show the devices that each platform detects (with --json: as JSON)",
    )
    result.add_argument(
        "--sizes",
        action="store_true",
        help="show parameters, memory and longest sequence of --model from its configuration",
    )
    result.add_argument(
        "--export",
        metavar="PLATFORM",
        choices=platforms,
        help="export to --output, for a PLATFORM that runs without torch",
    )
    result.add_argument("--output", metavar="DIR", help="output folder of --export")
    result.add_argument(
        "--install",
        nargs="*",
        metavar="PLATFORM",
        help="install the requirements of the package and PLATFORM",
    )
    return result


def require_model(skillset: Skillset, arguments: argparse.Namespace) -> str:
    """The checkpoint given by `--model`, or the default one."""
    if arguments.model is None:
        raise UsageError(
            f"{skillset.model_type} has no default checkpoint: specify one with --model"
        )
    return str(arguments.model)


def run_test(skillset: Skillset, arguments: argparse.Namespace) -> int:
    """Test each chosen task on each chosen platform and print one line for each."""
    model = require_model(skillset, arguments)
    records = [
        test_cell(skillset, platform, task, model)
        for platform in arguments.platform or skillset.registry["platforms"]
        for task in arguments.task or skillset.tasks
    ]
    report = [record.to_dict() for record in records]
    if arguments.json is not None:
        write_report(report, arguments.json)
    if arguments.json != "-":
        for record in records:
            print(f"{record.platform:10} {record.task:32} {record.status:12} {record.detail}")
        counts = Counter(record.status for record in records)
        print(", ".join(f"{counts[status]} {status}" for status in STATUSES))
    return int(any(record.status == "FAILED" for record in records))


def write_report(report: Any, target: str) -> None:
    """Write JSON to a file, or to stdout for `-`."""
    text = json.dumps(report, indent=2)
    if target == "-":
        print(text)
    else:
        Path(target).write_text(text + "\n", "utf-8")


def export(skillset: Skillset, arguments: argparse.Namespace) -> int:
    """Export one task of a model to a folder that runs on a device without torch."""
    if arguments.model is None or not arguments.output:
        raise UsageError(
            "--export needs --output, and --model where no default checkpoint is known"
        )
    output = Path(arguments.output)
    if output.exists() and not output.is_dir():
        raise UsageError(f"{output} is a file; --output must be a folder")
    require_writable(next(path for path in output.absolute().parents if path.is_dir()) / "x")
    task = arguments.task[0] if arguments.task else None
    try:
        skillset.export(arguments.export, arguments.model, arguments.output, task)
    except (NotImplementedError, OSError, ValueError) as error:
        raise UsageError(f"{arguments.export} cannot export: {error}") from error
    print(f"{arguments.output} is ready: {skillset.platform(arguments.export).exported_hint}")
    return 0


def test_cell(skillset: Skillset, platform: str, task: str, model: str) -> TestRecord:
    """Test one task on one platform; missing platforms and failures become records, too."""

    def record(status: str, detail: Any) -> TestRecord:
        return TestRecord(skillset.model_type, task, platform, status, str(detail), model)

    try:
        opened = getattr(skillset, f"init_{platform}")(model, task=task)
    except HardwareUnavailableError as error:
        return record("UNAVAILABLE", error.reason)
    except Exception as error:
        return record("FAILED", f"{type(error).__name__}: {error}")
    return skillset.__test__(model, opened.handler, platform)


def show_hardware(skillset: Skillset, target: str | None) -> int:
    """Print the detection result of each platform; with `target` as JSON."""
    hardware = skillset.detect_hardware()
    if target is not None:
        write_report({name: asdict(detection) for name, detection in hardware.items()}, target)
        return 0
    for name, detection in hardware.items():
        devices = ", ".join(map(device_text, detection.devices))
        state = devices if detection.available else f"unavailable: {detection.reason}"
        print(f"{name:10} {detection.version or '-':16} {state}")
    return 0


def show_sizes(skillset: Skillset, arguments: argparse.Namespace) -> int:
    """Print the sizes of a checkpoint's model; with a target as JSON."""
    model = require_model(skillset, arguments)
    sizes = skillset.sizes(model, arguments.task[0] if arguments.task else None)
    if arguments.json is not None:
        write_report(sizes.as_dict(), arguments.json)
        return 0
    longest = "not stated" if sizes.longest_sequence is None else f"{sizes.longest_sequence:,}"
    rows = {
        "model": f"{sizes.model} ({sizes.model_class}, {sizes.task})",
        "parameters": f"{sizes.parameters:,}",
        **{f"in {dtype}": f"{size / 1e6:,.1f} MB" for dtype, size in sizes.memory.items()},
        "longest sequence": longest,
        "saved as": ", ".join(filter(None, (sizes.dtype or "not stated", sizes.quantization))),
    }
    for name, value in rows.items():
        print(f"{name:18}{value}")
    return 0


def device_text(device: Device) -> str:
    """A short description of a device."""
    memory = f", {device.total_memory / 2**30:.1f} GiB" if device.total_memory else ""
    return f"{device.label} ({device.name}{memory})"


def install(skillset: Skillset, platforms: Sequence[str]) -> int:
    """Print and run the pip command that installs missing requirements."""
    available = skillset.registry["platforms"]
    if unknown := [name for name in platforms if name not in available]:
        raise UsageError(f"unknown platform {unknown[0]!r}; use one of: {', '.join(available)}")
    required = list(skillset.registry["dependencies"]["pip"])
    for name in platforms:
        required += available[name]["requirements"]
    missing = [requirement for requirement in required if not installed(requirement)]
    if not missing:
        print("all requirements are installed")
        return 0
    command = [sys.executable, "-m", "pip", "install", *missing]
    print(" ".join(command))
    return subprocess.run(command, check=False).returncode


def installed(requirement: str) -> bool:
    """Whether the distribution that a requirement names is installed, in any version."""
    name = requirement.split(";")[0]
    for separator in "<>=!~[ ":
        name = name.split(separator)[0]
    try:
        return bool(version(name))
    except PackageNotFoundError:
        return False
