"""What all cells of the registry cost on 1, 2, 8 and 64 workers, computed from measured seconds.

python benchmarks/scale.py
"""

from __future__ import annotations

import heapq
from collections import defaultdict

from hf_skillset_templates.registry.store.paths import MODELS
from hf_skillset_templates.results.from_registry import read_entries, registry_records

WORKERS = (1, 2, 8, 64)


def jobs() -> dict[str, list[float]]:
    """The seconds of each job (a model type's cells on one platform) by platform."""
    seconds: dict[tuple[str, str], float] = defaultdict(float)
    for record in registry_records(read_entries(MODELS)):
        seconds[record["platform"], record["model_type"]] += record.get("seconds", 0.0)
    durations: dict[str, list[float]] = defaultdict(list)
    for (platform, _), spent in seconds.items():
        durations[platform].append(spent)
    return durations


def makespan(durations: list[float], workers: int) -> float:
    """Seconds until the last job ends, where each worker takes the longest one that is left."""
    ends = [0.0] * workers
    for duration in sorted(durations, reverse=True):
        heapq.heapreplace(ends, ends[0] + duration)
    return max(ends)


def minutes(seconds: float) -> str:
    """Seconds as minutes, with one digit below ten."""
    return f"{seconds / 60:.1f} min" if seconds < 600 else f"{seconds / 60:.0f} min"


def main() -> None:
    """Print the table."""
    heads = (f"{number} worker{'s' * (number > 1)}" for number in WORKERS)
    print("| platform | jobs | longest | " + " | ".join(heads) + " |")
    print("| --- | ---: | ---: | " + " | ".join("---:" for _ in WORKERS) + " |")
    everything = jobs()
    everything["all of them"] = [each for durations in everything.values() for each in durations]
    for platform, durations in everything.items():
        costs = " | ".join(minutes(makespan(durations, number)) for number in WORKERS)
        print(f"| {platform} | {len(durations)} | {minutes(max(durations))} | {costs} |")


if __name__ == "__main__":
    main()
