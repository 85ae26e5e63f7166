"""Update edited packages from an older commit of the template to the newest; count what is kept.

python benchmarks/update_drill.py --before 843b064d --packages 50

Each package gets the edits of a person: a line in the README and in a task, a module of their own,
a deleted test, an ignored file. After the update each is looked for, and the package is validated.
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

ROOT = Path(__file__).resolve().parent.parent
OURS = "# Ours."
RELEASED, OUR_RELEASE = 'version = "0.1.0"', 'version = "0.1.1"'


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


def make_packages(folder: Path, before: str, count: int) -> Path:
    """Packages of an older version, in a repository of their own; the template is ahead since."""
    template, packages = folder / "template", folder / "packages"
    template.mkdir()
    run("git", "init", "--quiet", cwd=template)
    chosen = release(template, before, "0.0.1", count)
    models = [word for name in chosen for word in ("--model", name)]
    script = template / "scripts" / "batch_generate.py"
    command = [sys.executable, script, *models, "--platforms", "cpu", "--output-dir", packages]
    run(*command, "--jobs", "2", cwd=template, PYTHONPATH=str(template / "src"))
    release(template, "HEAD", "0.0.2", count)
    return packages


def release(template: Path, commit: str, tag: str, count: int) -> list[str]:
    """Commit a version of the template with some of its model types, so that clones are small."""
    for path in template.iterdir():
        if path.name != ".git":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    archive = template.with_name(f"{tag}.tar")
    run("git", "archive", "--output", archive, commit, cwd=ROOT)
    shutil.unpack_archive(archive, template)
    known = sorted(path.stem for path in (template / "registry" / "models").glob("*.json"))
    chosen = known[:: max(1, len(known) // count)][:count]
    for name in set(known) - set(chosen):
        (template / "registry" / "models" / f"{name}.json").unlink()
        shutil.rmtree(template / "registry" / "tiny" / name, ignore_errors=True)
    shutil.rmtree(template / "tests")
    run("git", "add", "--all", "--force", cwd=template)
    run("git", "commit", "--quiet", "--message", tag, cwd=template)
    run("git", "tag", tag, cwd=template)
    return chosen


def edit(package: Path) -> None:
    """What a person does to a package."""
    source = package / "src" / package.name
    task = sorted((source / "tasks").glob("[a-z]*.py"))[0]
    for path in (package / "README.md", task):
        path.write_text(path.read_text("utf-8") + f"\n{OURS}\n", "utf-8")
    project = package / "pyproject.toml"
    project.write_text(project.read_text("utf-8").replace(RELEASED, OUR_RELEASE), "utf-8")
    (source / "ours.py").write_text("OURS = 1\n", "utf-8")
    (package / ".gitignore").write_text(".env\n", "utf-8")
    tests = sorted((package / "tests").glob("test_*.py"))
    tests[-1].unlink()
    (package / "notes.txt").write_text(f"{task.name}\n{tests[-1].name}\n", "utf-8")


def lost(package: Path) -> list[str]:
    """What of it is not there any more."""
    source = package / "src" / package.name
    task, test = (package / "notes.txt").read_text("utf-8").split()
    kept = {
        "README": OURS in (package / "README.md").read_text("utf-8"),
        "pyproject": OUR_RELEASE in (package / "pyproject.toml").read_text("utf-8"),
        "task": OURS in (source / "tasks" / task).read_text("utf-8"),
        "own module": (source / "ours.py").read_text("utf-8") == "OURS = 1\n",
        "ignored file": (package / ".env").is_file(),
        "deleted test": not (package / "tests" / test).exists(),
        "no reject": not list(package.rglob("*.rej")),
    }
    return [name for name, there in kept.items() if not there]


def main() -> None:
    """Make, edit, update, count; 1 where something was lost."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--before", required=True, help="the version that the packages are of")
    parser.add_argument("--packages", type=int, default=50)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        packages = make_packages(folder, arguments.before, arguments.packages)
        made = [path.parent for path in sorted(packages.glob("*/.copier-answers.yml"))]
        for package in made:
            edit(package)
        run("git", "init", "--quiet", cwd=packages)
        run("git", "add", "--all", cwd=packages)
        run("git", "commit", "--quiet", "--message", "ours", cwd=packages)
        for package in made:
            (package / ".env").write_text("SECRET=1\n", "utf-8")
        started = time.monotonic()
        script = ROOT / "scripts" / "batch_update.py"
        options = ("--vcs-ref", "HEAD", "--jobs", "2", "--json")
        said = run(sys.executable, script, packages, *options, cwd=ROOT)
        summary = json.loads(said)
        seconds = time.monotonic() - started
        missing = {package.name: lost(package) for package in made}
        hook = ROOT / "hooks" / "validate_package.py"
        invalid = [
            package.name
            for package in made
            if subprocess.run([sys.executable, hook, package], capture_output=True).returncode
        ]
        records = summary["packages"]
        print(
            json.dumps(
                {
                    "packages": len(made),
                    "statuses": Counter(record["status"] for record in records),
                    "conflicts": [r for r in records if r["status"] != "updated"][:10],
                    "lost": {name: what for name, what in missing.items() if what},
                    "invalid": invalid,
                    "seconds": round(seconds, 1),
                },
                indent=2,
            )
        )
    sys.exit(any(missing.values()))


if __name__ == "__main__":
    main()
