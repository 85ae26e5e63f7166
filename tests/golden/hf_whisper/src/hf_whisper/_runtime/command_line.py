# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
"""The command line of a skillset: test it, look at the hardware, install what is missing."""

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
from .skillset import Skillset

STATUSES = ("REAL", "EMULATED", "MOCK", "UNAVAILABLE", "FAILED")
BAD_USAGE = 2
EXAMPLES = """\
examples:
  python -m {package} --model CHECKPOINT
  python -m {package} --model CHECKPOINT --platform cpu --json records.json
  python -m {package} --hardware --json -
  python -m {package} --export qualcomm --model CHECKPOINT --output exported
  python -m {package} --install openvino
"""


class UsageError(Exception):
    """What was asked for cannot be done; the message says what is wrong."""


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

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
        if arguments.export is not None:
            return export(skillset, arguments)
        return run_test(skillset, arguments)
    except (UsageError, HardwareUnavailableError) as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        return BAD_USAGE


def require_writable(path: Path) -> None:
    """Raise before any work where a file cannot be written."""
    try:
        if path.is_dir():
            raise UsageError(f"{path} is a folder; name a file")
        with TemporaryFile(dir=path.absolute().parent):
            pass
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be written: {error}") from error


def parser(skillset: Skillset) -> argparse.ArgumentParser:
    """The options of `python -m`."""
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
        help="show what each platform finds here (with --json: as JSON)",
    )
    result.add_argument(
        "--export",
        metavar="PLATFORM",
        choices=platforms,
        help="write what runs on a PLATFORM that cannot export by itself to --output",
    )
    result.add_argument("--output", metavar="DIR", help="where --export writes")
    result.add_argument(
        "--install",
        nargs="*",
        metavar="PLATFORM",
        help="install what the package and PLATFORM need",
    )
    return result


def run_test(skillset: Skillset, arguments: argparse.Namespace) -> int:
    """Test each chosen task on each chosen platform and print one line for each."""
    if arguments.model is None:
        raise UsageError(
            f"no default checkpoint is known for {skillset.model_type}: name one with --model"
        )
    records = [
        test_cell(skillset, platform, task, arguments.model)
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
    """Write one task of a model to a folder that runs on a device without torch."""
    if arguments.model is None or not arguments.output:
        raise UsageError(
            "--export needs --output, and --model where no default checkpoint is known"
        )
    output = Path(arguments.output)
    if output.exists() and not output.is_dir():
        raise UsageError(f"{output} is a file; name a folder for --output")
    require_writable(next(path for path in output.absolute().parents if path.is_dir()) / "x")
    task = arguments.task[0] if arguments.task else None
    try:
        skillset.export(arguments.export, arguments.model, arguments.output, task)
    except (NotImplementedError, OSError, ValueError) as error:
        raise UsageError(f"{arguments.export} exports nothing: {error}") from error
    print(f"{arguments.output} is ready: give it to --model on the device")
    return 0


def test_cell(skillset: Skillset, platform: str, task: str, model: str) -> TestRecord:
    """Test one task on one platform; a missing platform and a failure are both records."""

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
    """Print what each platform's runtime says about this machine; as JSON to a `target`."""
    found = skillset.detect_hardware()
    if target is not None:
        write_report({name: asdict(detection) for name, detection in found.items()}, target)
        return 0
    for name, detection in found.items():
        devices = ", ".join(map(device_text, detection.devices))
        state = devices if detection.available else f"unavailable: {detection.reason}"
        print(f"{name:10} {detection.version or '-':16} {state}")
    return 0


def device_text(device: Device) -> str:
    """A device in a few words."""
    memory = f", {device.total_memory / 2**30:.1f} GiB" if device.total_memory else ""
    return f"{device.label} ({device.name}{memory})"


def install(skillset: Skillset, platforms: Sequence[str]) -> int:
    """Print and run the pip command for what is missing."""
    known = skillset.registry["platforms"]
    if unknown := [name for name in platforms if name not in known]:
        raise UsageError(f"no platform {unknown[0]!r}; there are: {', '.join(known)}")
    required = list(skillset.registry["dependencies"]["pip"])
    for name in platforms:
        required += known[name]["requirements"]
    missing = [requirement for requirement in required if not installed(requirement)]
    if not missing:
        print("nothing is missing")
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
