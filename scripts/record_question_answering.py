"""Record what transformers 4.57's question-answering pipeline answers on tiny models.

transformers 5 has no such pipeline, so this runs in a separate environment, with the checkpoints
that `tests/test_question_answering.py` builds:

    PYTHONPATH=TRANSFORMERS_4_57 python scripts/record_question_answering.py FOLDER OUTPUT.json
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

TEXT = "The library is beside the old mill. Marta painted the door green in May. "
CASES: list[tuple[dict[str, str], dict[str, Any]]] = [
    ({"question": "Where is the library?", "context": TEXT}, {}),
    ({"question": "Who painted the door?", "context": TEXT * 80}, {}),
    (
        {"question": "Who painted the door?", "context": TEXT * 10},
        {"max_seq_len": 48, "doc_stride": 16, "top_k": 3},
    ),
    ({"question": "Who?", "context": TEXT}, {"top_k": 100}),
    ({"question": "Who?", "context": TEXT}, {"handle_impossible_answer": True, "top_k": 3}),
    ({"question": "Who?", "context": TEXT}, {"align_to_words": False, "top_k": 3}),
    ({"question": "Who?", "context": TEXT}, {"max_answer_len": 2, "top_k": 4}),
    ({"question": "Who?", "context": "äöü straße, naïve 漢字."}, {"top_k": 2}),
]


def build(tiny: Path, folder: Path) -> Path:
    """Save a model with the configuration and the tokenizer in `tiny` and weights from a seed.

    Only transformers 5 reads every configuration; 4.57 loads what this has written.
    """
    import torch
    import transformers

    torch.manual_seed(0)
    config = transformers.AutoConfig.from_pretrained(tiny)
    model = transformers.AutoModelForQuestionAnswering.from_config(config)
    with torch.no_grad():
        model.qa_outputs.weight.normal_(std=1.0)  # else all spans are about equally good
    model.eval().save_pretrained(folder)
    shutil.copytree(tiny, folder, ignore=shutil.ignore_patterns("config.json"), dirs_exist_ok=True)
    return folder


def main(folder: Path, output: Path) -> None:
    """Write the answers for each checkpoint in `folder`."""
    import transformers

    answers = {}
    for checkpoint in sorted(path for path in folder.iterdir() if path.is_dir()):
        pipeline = transformers.pipeline("question-answering", model=str(checkpoint))
        answers[checkpoint.name] = [pipeline(item, **options) for item, options in CASES]
    recorded = {"transformers": transformers.__version__, "answers": answers}
    output.write_text(json.dumps(recorded, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    paths = [Path(argument) for argument in sys.argv[1:]]
    if len(paths) != 2 or not paths[0].is_dir() or not paths[1].parent.is_dir():
        print("usage: record_question_answering.py FOLDER OUTPUT.json", file=sys.stderr)
        sys.exit(2)
    main(*paths)
