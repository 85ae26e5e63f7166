"""Writes a folder that stands alone, and proves it by running its own lines."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hf_skillset_runtime.export.exporting_platform import WRONG
from hf_skillset_runtime.export.roles import graphs_by_role

from . import lines
from .generation import generation_plan
from .graphs import move_graph
from .sample import Sample, Subject, first_sample
from .trial import Ran, largest_error, near_inputs, run_lines, same_answer
from .weights import SharedWeights

FACTS = "handler.json"
ARRAYS = "sample.npz"
PACKAGES = {
    "numpy": "import numpy",
    "onnxruntime": "import onnxruntime",
    "pillow": "import Image",
    "tokenizers": "import Tokenizer",
}
"""Distribution -> the line that needs it."""
README = """\
# {checkpoint}: {task} with ONNX Runtime

Graphs: {files} (opset {opset}, {precision}); their weights: `weights.bin`. `handler.json`: inputs
and outputs with dtypes and shapes. Equal names of dimensions are equal sizes.
{greedy}{arrays}
    pip install {packages}

Run in this folder:

```python
{code}
```
"""
GREEDILY = """\
How generation goes round: `generation` in `handler.json`. The lines take the most probable token at
each step; other options of the checkpoint's generation configuration are not applied.
"""
OF_ARRAYS = """\
`sample.npz` has the arrays that the model's processor makes of a sample; no few lines do the same.
"""
FORMAT = 1
"""Version of what `handler.json` contains."""


@dataclass(frozen=True)
class Folder:
    """A folder with graphs and `handler.json`, and the sample that it is tried with."""

    path: Path
    subject: Subject
    sample: Sample
    facts: dict[str, Any]

    @property
    def inputs(self) -> dict[str, Any]:
        """The sample's arrays that the graphs take."""
        taken = {name for graph in self.facts["graphs"].values() for name in graph["inputs"]}
        return {name: value for name, value in self.sample.inputs.items() if name in taken}

    def running(self) -> str:
        """The lines that run the graphs on `inputs`."""
        if (plan := self.facts.get("generation")) is None:
            return lines.FORWARD
        graphs = self.facts["graphs"]
        used = {
            name
            for role in ("first", "next")
            for name in graphs.get(role, {"inputs": ()})["inputs"]
        }
        return lines.generate_lines(used, "encoder" in graphs, plan.get("language_at"))

    def check(self, ran: Ran) -> None:
        """Compare what lines gave for the sample with what the model gives.

        Raises:
            ValueError: they differ.
        """
        if (text := self.sample.text) is not None:
            ours = ran.arrays["tokens"].tolist()[: len(text.tokens)]
            if ours != text.tokens:
                raise ValueError(f"the graphs generate {ours}, the model {text.tokens}")
            return
        error = largest_error(ran.of("outputs."), self.sample.outputs)
        if not error <= WRONG:
            raise ValueError(f"the graphs are off by {error:.1e} from the model")


def write_folder(subject: Subject, path: Path, facts: dict[str, Any]) -> None:
    """Write graphs, `handler.json`, the sample and the README to `path`.

    Args:
        facts: what `handler.json` says about the model besides its graphs.

    Raises:
        NotImplementedError: Python code of the model joins its graphs.
        ValueError: the graphs do not give what the model gives.
    """
    import numpy as np

    sample = first_sample(subject)
    graphs = graphs_by_role(subject.model.exported, subject.spec.run == "generate")
    weights = SharedWeights(path)
    stated = subject.spec.tensors.get("input", {})
    shapes = {name: value["shape"] for name, value in stated.items()}
    moved = {
        role: move_graph(graph.folder / "graph.onnx", path / f"{role}.onnx", weights, shapes)
        for role, graph in graphs.items()
    }
    facts = {"format": FORMAT, **facts, "graphs": moved}
    if sample.text is not None:
        facts["generation"] = generation_plan(moved, sample.text.start, subject.model)
    elif labels := getattr(subject.model.config, "id2label", None):
        facts["labels"] = [labels[index] for index in sorted(labels)]
    (path / FACTS).write_text(json.dumps(facts, indent=2), "utf-8")
    folder = Folder(path, subject, sample, facts)
    np.savez(path / ARRAYS, **folder.inputs)
    (path / "README.md").write_text(readme(folder, proven_lines(folder)), "utf-8")


def proven_lines(folder: Folder) -> str:
    """The lines of the README, all of which have run; removes files that they do not need.

    Raises:
        ValueError: the graphs do not give what the model gives.
    """
    run = folder.running()
    whole = lines.assembled(lines.ARRAYS, run)
    folder.check(run_lines(whole, folder.path))
    shown = next(answers(folder, whole))
    for prepared in preparations(folder):
        try:
            ran = run_lines(lines.assembled(prepared), folder.path)
        except ValueError:
            continue
        if near_inputs(ran.of("inputs."), folder.inputs):
            (folder.path / ARRAYS).unlink()
            proven = lines.assembled(prepared, run, shown, lines.SHOWN)
            run_lines(proven, folder.path)
            return proven
    return lines.assembled(lines.ARRAYS, run, shown, lines.SHOWN)


def preparations(folder: Folder) -> Iterator[str]:
    """Lines that may do what the processor does for the sample."""
    sample, processor = folder.sample.value, folder.subject.processor
    if not isinstance(sample, str):
        return
    kinds = set(folder.subject.spec.inputs)
    if "text" in kinds:
        yield lines.text_lines(sample)
    if "image" in kinds:
        image_processor = getattr(processor, "image_processor", processor)
        if found := lines.image_lines(copied(sample, folder.path), image_processor):
            yield found
    if "audio" in kinds:
        from hf_skillset_runtime.tasks.audio import extractor_of

        yield sound_lines(folder, extractor_of(processor))


def sound_lines(folder: Folder, extractor: Any) -> str:
    """The lines for a recording; writes the mel filters that they read."""
    import numpy as np

    if hasattr(extractor, "mel_filters"):
        np.save(folder.path / "mel_filters.npy", np.asarray(extractor.mel_filters, np.float32))
    return lines.sound_lines(copied(folder.sample.value, folder.path), extractor)


def copied(sample: str, path: Path) -> str:
    """Copy a sample's file into the folder; returns its name there."""
    name = f"sample{Path(sample).suffix}"
    shutil.copyfile(sample, path / name)
    return name


def answers(folder: Folder, whole: str) -> Iterator[str]:
    """Lines that make an answer of what the graphs give, the task's own if there are any."""
    if "generation" in folder.facts:
        has_tokenizer = (folder.path / "tokenizer.json").is_file()
        yield lines.DECODED if has_tokenizer else lines.TOKENS
        return
    for each in lines.ANSWERS:
        try:
            ran = run_lines(whole + each, folder.path)
        except ValueError:
            continue
        if same_answer(ran.answer, folder.sample.answer):
            yield each
    yield lines.SHAPES


def readme(folder: Folder, code: str) -> str:
    """The README of a folder."""
    facts = folder.facts
    files = ", ".join(f"`{graph['file']}`" for graph in facts["graphs"].values())
    packages = sorted(name for name, sign in PACKAGES.items() if sign in code)
    return README.format(
        **facts,
        files=files,
        packages=" ".join(packages),
        greedy=GREEDILY if "generation" in facts else "",
        arrays=OF_ARRAYS if ARRAYS in code else "",
        code=code.strip(),
    )
