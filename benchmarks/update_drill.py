"""Update edited packages from an older commit of the template to the newest; count what is kept.

python benchmarks/update_drill.py --before 843b064d --packages 50
python benchmarks/update_drill.py --before 843b064d --packages 50 --part 1/5

Each package gets the edits of a person: lines in the README, in the code and test of its primary
task, in a helper and in a platform; a version of their own, a module of their own, a deleted test,
an ignored file. After the update each is looked for, and the package is validated.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
OURS = "# Ours: {}."
RELEASED, OUR_RELEASE = 'version = "0.1.0"', 'version = "0.1.1"'
NOTES = "notes.json"
"""The note of the edits of a package: file -> the line that must be in it exactly once."""
MODULE = "OURS = 1\n"
SECRET = "SECRET=1\n"


def run(*command: object, cwd: Path, **variables: str) -> str:
    """Run a command; its output."""
    identity = {f"GIT_{who}_NAME": "someone" for who in ("AUTHOR", "COMMITTER")}
    identity |= {f"GIT_{who}_EMAIL": "someone@localhost" for who in ("AUTHOR", "COMMITTER")}
    finished = subprocess.run(
        [*map(str, command)],
        cwd=cwd,
        env={**os.environ, **identity, **variables},
        capture_output=True,
        text=True,
    )
    if finished.returncode not in (0, 1):
        sys.exit(f"{' '.join(map(str, command))}: {finished.stderr.strip()}")
    return finished.stdout


def make_packages(folder: Path, before: str, count: int, part: tuple[int, int] = (1, 1)) -> Path:
    """Packages of an older version, in a repository of their own; the template is ahead since."""
    template, packages = folder / "template", folder / "packages"
    template.mkdir()
    run("git", "init", "--quiet", cwd=template)
    chosen = sample(before, count)
    release(template, before, "0.0.1", chosen)
    models = [word for name in chosen[part[0] - 1 :: part[1]] for word in ("--model", name)]
    script = template / "scripts" / "batch_generate.py"
    command = [sys.executable, script, *models, "--platforms", "cpu", "--output-dir", packages]
    run(*command, "--jobs", "2", cwd=template, PYTHONPATH=str(template / "src"))
    release(template, "HEAD", "0.0.2", chosen)
    return packages


def sample(commit: str, count: int) -> list[str]:
    """Some of the model types that a commit has, spread over the alphabet."""
    listed = run("git", "ls-tree", "--name-only", commit, "registry/models/", cwd=ROOT)
    known = sorted(Path(line).stem for line in listed.splitlines() if line.endswith(".json"))
    return known[:: max(1, len(known) // count)][:count]


def release(template: Path, commit: str, tag: str, chosen: list[str]) -> None:
    """Commit a version of the template with some of its model types, so that clones are small."""
    for path in template.iterdir():
        if path.name != ".git":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    archive = template.with_name(f"{tag}.tar")
    run("git", "archive", "--output", archive, commit, cwd=ROOT)
    shutil.unpack_archive(archive, template)
    known = {path.stem for path in (template / "registry" / "models").glob("*.json")}
    for name in known - set(chosen):
        (template / "registry" / "models" / f"{name}.json").unlink()
        shutil.rmtree(template / "registry" / "tiny" / name, ignore_errors=True)
    shutil.rmtree(template / "tests")
    run("git", "add", "--all", "--force", cwd=template)
    run("git", "commit", "--quiet", "--message", tag, cwd=template)
    run("git", "tag", tag, cwd=template)


def edit(package: Path) -> None:
    """Apply a user's edits to a package, and record them."""
    source, tests = package / "src" / package.name, package / "tests"
    primary = json.loads((source / "registry.json").read_text("utf-8"))["primary_task"]
    module = f"{primary.replace('-', '_')}.py"
    helper = sorted((source / "tasks").glob("[a-z]*.py"))[0]
    platform = [*source.glob("platforms/cpu.py"), *source.glob("platforms/cpu/handler.py")]
    paths = {package / "README.md", source / "tasks" / module, helper, *platform}
    edits = {path.relative_to(package).as_posix(): "" for path in sorted(paths) if path.is_file()}
    for name in edits:
        edits[name] = OURS.format(name)
        insert(package / name, edits[name])
    project = package / "pyproject.toml"
    project.write_text(project.read_text("utf-8").replace(RELEASED, OUR_RELEASE), "utf-8")
    (source / "ours.py").write_text(MODULE, "utf-8")
    (package / ".gitignore").write_text(".env\n", "utf-8")
    deleted = sorted(tests.glob("test_*.py"))[-1]
    deleted.unlink()
    notes = {"edits": edits, "deleted": deleted.relative_to(package).as_posix()}
    (package / NOTES).write_text(json.dumps(notes, indent=2), "utf-8")


def insert(path: Path, line: str) -> None:
    """Put a line above a Python file's last function, else at the end of the file."""
    head, between, tail = path.read_text("utf-8").rpartition("\ndef ")
    text = f"{head}\n{line}{between}{tail}" if between else f"{tail}\n{line}\n"
    path.write_text(text, "utf-8")


def lost(package: Path) -> list[str]:
    """What of it is not there any more, or there more than once."""
    notes = json.loads((package / NOTES).read_text("utf-8"))
    missing = [name for name, line in notes["edits"].items() if count(package / name, line) != 1]
    kept = {
        "pyproject.toml": count(package / "pyproject.toml", OUR_RELEASE) == 1,
        "own module": has(package / "src" / package.name / "ours.py", MODULE),
        "ignored file": has(package / ".env", SECRET),
        "deleted test": not (package / notes["deleted"]).exists(),
        "no reject": not list(package.rglob("*.rej")),
    }
    return missing + [name for name, there in kept.items() if not there]


def count(path: Path, line: str) -> int:
    """How often a file has a line; 0 for a file that is not there."""
    return path.read_text("utf-8").splitlines().count(line) if path.is_file() else 0


def has(path: Path, text: str) -> bool:
    """Whether a file is there with just this text."""
    return path.is_file() and path.read_text("utf-8") == text


def invalid(package: Path) -> str:
    """What the template's own check finds wrong with a package; empty when nothing is.

    A module with conflict markers does not compile: that package waits for its person.
    """
    hook = ROOT / "hooks" / "validate_package.py"
    checked = subprocess.run([sys.executable, hook, package], capture_output=True, text=True)
    return (checked.stderr.strip() or "failed") if checked.returncode else ""


def commit_edits(packages: Path) -> list[Path]:
    """Edit every package below a folder and commit that; the packages."""
    made = [path.parent for path in sorted(packages.glob("*/.copier-answers.yml"))]
    for package in made:
        edit(package)
    run("git", "init", "--quiet", cwd=packages)
    run("git", "add", "--all", cwd=packages)
    run("git", "commit", "--quiet", "--message", "ours", cwd=packages)
    for package in made:
        (package / ".env").write_text(SECRET, "utf-8")
    return made


def update(packages: Path) -> list[dict[str, Any]]:
    """Update every package; returns the output of scripts/batch_update.py for each."""
    script = ROOT / "scripts" / "batch_update.py"
    options = ("--vcs-ref", "HEAD", "--jobs", "2", "--json")
    output = run(sys.executable, script, packages, *options, cwd=ROOT)
    records: list[dict[str, Any]] = json.loads(output)["packages"]
    return records


def main() -> None:
    """Make, edit, update, count; 1 where something was lost."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--before", required=True, help="the version that the packages are of")
    parser.add_argument("--packages", type=int, default=50)
    parser.add_argument("--part", default="1/1", metavar="I/N", help="every N-th, from the I-th")
    arguments = parser.parse_args()
    first, _, every = arguments.part.partition("/")
    with tempfile.TemporaryDirectory() as name:
        part = (int(first), int(every))
        packages = make_packages(Path(name), arguments.before, arguments.packages, part)
        made = commit_edits(packages)
        started = time.monotonic()
        records = update(packages)
        seconds = time.monotonic() - started
        missing = {package.name: what for package in made if (what := lost(package))}
        marked = {r["package"] for r in records if r["status"] == "conflict"}
        wrong = {package.name: error for package in made if (error := invalid(package))}
    figures = {
        "packages": len(made),
        "statuses": Counter(record["status"] for record in records),
        "not clean": {r["package"]: r["error"] for r in records if r["error"]},
        "lost": missing,
        "invalid without conflicts": {n: what for n, what in wrong.items() if n not in marked},
        "invalid by conflict markers": sorted(set(wrong) & marked),
        "seconds": round(seconds, 1),
    }
    print(json.dumps(figures, indent=2))
    sys.exit(bool(missing))


if __name__ == "__main__":
    main()
