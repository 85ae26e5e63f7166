"""Symbolic shapes that fit all runs of a task, verified by runs of other sizes."""

from __future__ import annotations

from dataclasses import dataclass, field

from .probe import BATCHES, CHOICES, LABELS, NEW_TOKENS, Probe, Run, Setting
from .sized_samples import SCALES
from .symbols import Symbols, infer, solve, telling_size, wrong_predictions
from .tensors import Symbolic, shapes_of

MOST_NARROWING = 24

MOST_PROOFS = 8

PROOF_STEP = 0.17


@dataclass
class Prediction:
    """Symbolic shapes, and the dimensions that they mispredicted."""

    symbols: Symbols
    inputs: Symbolic
    outputs: Symbolic
    wrong: list[str] = field(default_factory=list)

    def wrong_for(self, run: Run) -> list[str]:
        """The mispredicted dimensions of a run whose sizes differ from all others."""
        got_in, got_out, to = shapes_of(run.inputs), shapes_of(run.outputs), run.setting
        known = {"batch": to.batch, "new_tokens": to.new_tokens, "labels": to.labels}
        if "choices" in self.symbols.sizes:
            known["choices"] = to.choices
        solved = solve(got_out, self.outputs)
        free = {name: size for name, size in solved.items() if name in self.symbols.free}
        sizes = {**solve(got_in, self.inputs), **known, **free}
        try:
            return [
                *wrong_predictions(got_in, self.inputs, sizes),
                *wrong_predictions(got_out, self.outputs, sizes),
            ]
        except NameError as error:
            return [str(error)]


def plan(axes: list[str], probe: Probe) -> list[Setting]:
    """The settings of the runs: the sample unchanged, then with one axis or count changed."""
    runs = [Setting()]
    runs += [Setting(scales={axis: scale}) for axis in axes for scale in SCALES[1:]]
    runs += [Setting(batch=batch) for batch in BATCHES[1:]]
    if probe.names_new_tokens:
        runs += [Setting(new_tokens=tokens) for tokens in NEW_TOKENS[1:]]
    if "candidate_labels" in probe.spec.sample_params:
        runs += [Setting(labels=labels) for labels in LABELS[1:]]
    if probe.has_choices:
        runs += [Setting(choices=choices) for choices in CHOICES[1:]]
    return runs


def first_runs(probe: Probe, axes: list[str]) -> tuple[list[Run], list[Setting]]:
    """The runs of the plan, and the settings that the model or its processor rejected."""
    done: list[Run] = []
    refused: list[Setting] = []
    for setting in plan(axes, probe):
        try:
            done.append(Run(setting, *probe.run(setting)))
        except Exception:
            if not done:
                raise
            refused.append(setting)
    return done, refused


def known_symbols(done: list[Run], composed: bool = False) -> tuple[Symbols, Symbolic]:
    """The symbols of the runs' inputs, and the inputs' symbolic shapes."""
    symbols = Symbols({"batch": tuple(run.setting.batch for run in done)}, composed=composed)
    for name in ("new_tokens", "labels", "choices"):
        sizes = tuple(getattr(run.setting, name) for run in done)
        if len(set(sizes)) > 1:
            symbols.sizes[name] = sizes
    return symbols, infer(symbols, [shapes_of(run.inputs) for run in done], outputs=False)


def narrow_strides(probe: Probe, done: list[Run], names: list[str] | None = None) -> None:
    """Add runs with audio lengths that determine frame boundaries.

    `names` are the symbols that may be narrowed; None for all that grow with the audio.
    """
    for _ in range(MOST_NARROWING):
        symbols, _ = known_symbols(done)
        size = telling_size(symbols, [shapes_of(run.outputs) for run in done])
        if size is None or (names is not None and size[0] not in names):
            return
        setting = Setting(scales={"audio": audio_scale(done, symbols.sizes[size[0]], size[1])})
        run = Run(setting, *probe.run(setting))
        if run.setting.scales in [earlier.setting.scales for earlier in done]:
            return
        done.append(run)


def audio_scale(done: list[Run], sizes: tuple[int, ...], wanted: int) -> float:
    """The scale of the audio for a target size of a symbol, starting from the closest run.

    Exact for samples; numbers of frames may differ by one.
    """
    near = min(range(len(done)), key=lambda at: (abs(sizes[at] - wanted), at))
    return done[near].setting.scales.get("audio", 1.0) + (wanted - sizes[near]) / sizes[0]


def proofs(axes: list[str], attempt: int) -> list[dict[str, float]]:
    """Scales that no other run has: the same for all axes, and a different one for each axis."""
    more = PROOF_STEP * attempt
    apart = {axis: 1.15 + more + 0.25 * position for position, axis in enumerate(axes)}
    return [dict.fromkeys(axes, 1.25 + more), apart]


def prove(probe: Probe, done: list[Run], refused: list[Setting], axes: list[str]) -> Prediction:
    """Shapes that fit all runs and predict two more; mispredicted runs are added to the data."""
    settings = changes(probe, refused)
    moving = movable(axes, refused)
    for attempt in range(MOST_PROOFS):
        symbols, inputs = known_symbols(done, composed=attempt > 0)
        outputs = infer(symbols, [shapes_of(run.outputs) for run in done], outputs=True)
        prediction = Prediction(symbols, inputs, outputs)
        for scales in proofs(moving, attempt):
            setting = Setting(scales, **settings)
            try:
                run = Run(setting, *probe.run(setting))
            except Exception as error:
                failure = f"{type(error).__name__}: {error}"
                prediction.wrong.append(f"the run with all sizes changed failed: {failure}"[:200])
                continue
            prediction.wrong += prediction.wrong_for(run)
            done.append(run)
        if not prediction.wrong:
            return prediction
        if "audio" in axes:
            narrow_strides(probe, done)
    return prediction


def movable(axes: list[str], refused: list[Setting]) -> list[str]:
    """The axes that can grow: those for which the model accepted another size."""
    return [a for a in axes if sum(a in run.scales for run in refused) < len(SCALES) - 1]


def changes(probe: Probe, refused: list[Setting]) -> dict[str, int]:
    """The sizes of a verification run that differ from the first run's, if the task has them."""
    numbers = {"batch": 1 if any(run.batch > 1 for run in refused) else 2}
    if probe.names_new_tokens:
        numbers["new_tokens"] = NEW_TOKENS[1]
    if "candidate_labels" in probe.spec.sample_params:
        numbers["labels"] = LABELS[1]
    if probe.has_choices:
        numbers["choices"] = CHOICES[1]
    return numbers
