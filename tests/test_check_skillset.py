"""Checking skillset modules: each ends on the rung where it is wrong."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

from hf_skillset_templates.errors import UsageError
from hf_skillset_templates.isolation import Limits
from hf_skillset_templates.reference import job
from hf_skillset_templates.reference.check import Checker, record
from hf_skillset_templates.reference.dialect import DIALECTS, read_dialect, read_dialects
from hf_skillset_templates.reference.guard import refuse_network
from hf_skillset_templates.reference.loading import forget
from hf_skillset_templates.reference.modules import Source, find_sources
from hf_skillset_templates.reference.prepare import prepare
from hf_skillset_templates.reference.report import begin_run, is_honest
from hf_skillset_templates.reference.template import as_template
from hf_skillset_templates.registry.store.paths import MODELS as MODELS_OF_REGISTRY
from hf_skillset_templates.reports.html.payload import payload
from hf_skillset_templates.results.compare import compare
from hf_skillset_templates.results.from_registry import read_entries
from hf_skillset_templates.results.record import unknown_cells
from hf_skillset_templates.results.run_folder import read_run

MODULES = Path(__file__).parent / "reference_modules"
VARIATIONS = {
    "Constant": ("input", "input does not matter"),
    "Swapped": ("handler", "handler fails"),
    "Four": ("init", "init fails"),
    "Nones": ("init", "init fails"),
    "Coroutine": ("handler", "handler fails"),
    "KeywordOnly": ("created", "cannot be created"),
    "UnknownParameter": ("methods", "lacks methods"),
    "ErrorText": ("handler", "handler fails"),
    "Random": ("repeatable", "result is not repeatable"),
    "OwnWeights": ("weights", "weights do not matter"),
    "AcceptsAnything": ("missing checkpoint", "accepts a missing checkpoint"),
    "MaxPooled": ("transformers", "differs from transformers"),
}
FAILED_NOW = {"status": "FAILED", "stage": "match", "detail": "differs"}
Check = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Two tiny checkpoints of bert and the right embeddings, made once."""
    folder = tmp_path_factory.mktemp("expected")
    wanted = {"model_type": "bert", "task": "feature-extraction", "folder": str(folder)}
    assert prepare(wanted) is True
    return str(folder)


@pytest.fixture
def check(expected: str, tmp_path: Path) -> Iterator[Check]:
    """Checks a module in this process; a result record with its steps."""

    def checked(path: Path, **more: Any) -> dict[str, Any]:
        workspace = tmp_path / "workspace"
        argument = {"path": str(path), "model_type": "bert", "platform": "cpu"}
        argument |= {"task": "feature-extraction", "expected": expected}
        actual = job.check({**argument, "workspace": str(workspace), **more})
        return record(Source(path), "bert", "feature-extraction", "cpu", actual)

    yield checked
    forget("hf_bert")


@pytest.fixture
def variation(tmp_path: Path) -> Callable[[str], Path]:
    """A copy of the reference modules with a module for one of the variations."""

    def module(name: str) -> Path:
        folder = shutil.copytree(MODULES, tmp_path / "modules")
        path = folder / f"hf_{name.lower()}.py"
        path.write_text(f"from .variations import {name}\n", "utf-8")
        return path

    return module


def test_the_right_module_is_equal(check: Check) -> None:
    before = sorted(MODULES.rglob("*"))
    result = check(MODULES / "hf_bert.py")
    assert (result["verdict"], result["status"]) == ("equal to transformers", "REAL"), result
    assert "equal in the form mean" in result["detail"]
    assert [step["rung"] for step in result["steps"]][-3:] == [
        "weights",
        "missing checkpoint",
        "transformers",
    ]
    assert (result["claims"], result["found"]) == ("REAL", "REAL")
    without_bytecode = [path for path in sorted(MODULES.rglob("*")) if "pyc" not in str(path)]
    assert without_bytecode == [path for path in before if "pyc" not in str(path)]


@pytest.mark.parametrize("name", list(VARIATIONS))
def test_what_is_wrong_is_named(check: Check, variation: Any, name: str) -> None:
    result = check(variation(name))
    assert (result["rung"], result["verdict"]) == VARIATIONS[name], result["detail"]
    assert result["status"] == "FAILED"


@pytest.mark.parametrize("name", ["fakes", "own_classes"])
def test_fakes_that_claim_to_be_real_are_told(check: Check, name: str) -> None:
    result = check(MODULES / f"{name}.py")
    assert result["verdict"] == "parts are fakes", result["detail"]
    assert result["claims"] in ("REAL", "")
    assert result["found"] == "MOCK"


def test_a_printed_claim_counts_and_is_not_believed(check: Check) -> None:
    result = check(MODULES / "fakes.py")
    assert result["claims"] == "REAL" and "MagicMock" in result["detail"]
    assert not is_honest(result)


def test_missing_modules_are_named(check: Check) -> None:
    result = check(MODULES / "missing_import.py")
    assert result["verdict"] == "does not import"
    assert "not installed: abacus_accelerator" in result["detail"]
    assert check(MODULES / "no_class.py")["verdict"] == "has no skillset class"


def test_how_much_it_differs_is_told(check: Check, variation: Any) -> None:
    detail = check(variation("MaxPooled"))["detail"]
    assert "closest in the form mean" in detail and "cosine 1.00000" in detail, detail
    assert "% of the values differ" in detail


def test_another_dialect_is_one_file(
    check: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shutil.copytree(DIALECTS, tmp_path / "dialects")
    (folder / "abacus.yml").write_text(
        """
summary: Made up for this test.
recognised_by: [abacus]
constructor: [metadata]
initializer: "load_on_{platform}"
factory: "make_{platform}_{name}"
devices: {cpu: "host/0"}
parameters: {weights: checkpoint, where: device}
tasks: [{names: ["vector*"], tasks: [feature-extraction]}]
forms: {embedding: [first]}
answer: {keys: [vector], volatile: [at]}
claims: {keys: [honestly]}
errors: {texts: ["^oops"]}
""",
        "utf-8",
    )
    module = tmp_path / "hf_abacus.py"
    module.write_text(
        """
import time
from transformers import AutoModel, AutoTokenizer
class Abacus:
    abacus = True
    def __init__(self, metadata): pass
    def init_nothing(self): pass
    def make_cpu_vectors(self): pass
    def load_on_cpu(self, weights, where):
        assert where == "host/0"
        model = AutoModel.from_pretrained(weights)
        tokenizer = AutoTokenizer.from_pretrained(weights)
        def handler(text):
            state = model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0, 0]
            return {"vector": state, "at": time.time(), "honestly": "real"}
        return model, tokenizer, handler, None, 1
""",
        "utf-8",
    )
    dialects = read_dialects(folder)
    monkeypatch.setattr(job, "read_dialects", lambda: dialects)
    result = check(module)
    assert result["verdict"] == "equal to transformers", result["detail"]
    assert "equal in the form first" in result["detail"] and result["claims"] == "REAL"
    assert "dialect abacus" in result["steps"][1]["evidence"]
    forced = check(module, dialect="ipfs_accelerate")
    assert forced["verdict"] == "cannot be created"


def test_a_dialect_that_does_not_fit_its_schema_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yml"
    broken.write_text("summary: nothing else\n", "utf-8")
    with pytest.raises(UsageError, match=r"does not match its schema at \(top\)"):
        read_dialect(broken)
    broken.write_text("a: [", "utf-8")
    with pytest.raises(UsageError, match="not YAML"):
        read_dialect(broken)
    assert {"ipfs_accelerate", "hf_skillset"} <= set(read_dialects())


def test_folders_of_modules_and_packages_are_found(tmp_path: Path) -> None:
    (tmp_path / "hf_bert.py").write_text("")
    (tmp_path / "helper.py").write_text("")
    for name in ("hf_gpt2", "hf_vit/src/hf_vit"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "__init__.py").write_text("")
    result = find_sources(tmp_path)
    assert [source.model_type for source in result] == ["bert", "gpt2", "vit"]
    assert [source.path.name for source in result] == ["hf_bert.py", "hf_gpt2", "hf_vit"]
    with pytest.raises(UsageError, match="no module in"):
        find_sources(tmp_path / "hf_vit" / "src" / "hf_vit" / "nothing")


def test_a_module_that_ends_its_process_is_told(tmp_path: Path) -> None:
    module = tmp_path / "modules" / "hf_bert.py"
    module.parent.mkdir()
    module.write_text("import os\nos._exit(7)\n")
    [result] = Checker(tmp_path, Limits(timeout_s=300.0)).check(Source(module))
    assert (result["verdict"], result["rung"]) == ("ends its process", "imports")
    assert "process ended with 7" in result["detail"]
    module.write_text("import time\ntime.sleep(600)\n")
    [result] = Checker(tmp_path, Limits(timeout_s=5.0)).check(Source(module))
    assert "no result after 5 s" in result["detail"]


def test_a_name_of_no_model_type_is_told(tmp_path: Path) -> None:
    module = tmp_path / "hf_nobody_knows.py"
    module.write_text("")
    [result] = Checker(tmp_path, Limits(timeout_s=5.0)).check(Source(module))
    assert (result["verdict"], result["status"]) == ("model type is unknown", "FAILED")


def test_a_check_has_no_network() -> None:
    with pytest.raises(OSError, match="network access is disabled"):
        refuse_network("socket.connect", (None, ("192.0.2.1", 443)))
    with pytest.raises(OSError, match="network access is disabled"):
        refuse_network("socket.getaddrinfo", ("example.org", 443, 0, 0, 0))
    refuse_network("socket.connect", (None, "/a/socket/of/this/machine"))
    refuse_network("open", ("file", "r", 0))


MUTANTS = {
    "tasks/fill_mask.py": {
        "differs from transformers": (
            "float(probabilities[token])",
            "float(probabilities[token]) * 1.01",
        ),
        "input does not matter": (
            "as_text(text) for text in texts",
            "'A [MASK].' for text in texts",
        ),
        "result is not repeatable": ("[:top_k]", "[np.random.randint(40, size=top_k)]"),
    },
    "skillset.py": {
        "init fails": ("init_cpu: Initializer", "init_cpu = lambda self, model, task: (1, 2, 3)"),
        "cannot be created": ("init_cpu: Initializer", "def __init__(self, *, resources): ..."),
    },
}


@pytest.fixture(scope="module")
def fillings(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Two tiny checkpoints of bert and the right answers of fill-mask."""
    folder = tmp_path_factory.mktemp("fillings")
    assert prepare({"model_type": "bert", "task": "fill-mask", "folder": str(folder)}) is True
    return str(folder)


def golden_package(target: Path) -> Path:
    """A copy of a generated package."""
    shutil.copytree(ROOT / "tests" / "golden" / "hf_bert", target / "hf_bert")
    return target / "hf_bert"


def test_our_package_is_equal(check: Check, fillings: str, tmp_path: Path) -> None:
    [source] = find_sources(golden_package(tmp_path))
    result = check(source.path, task="fill-mask", expected=fillings)
    assert (result["verdict"], result["claims"]) == ("equal to transformers", "REAL"), result[
        "detail"
    ]
    assert "dialect hf_skillset" in result["steps"][1]["evidence"]


@pytest.mark.parametrize(
    "file, verdict", [(file, verdict) for file in MUTANTS for verdict in MUTANTS[file]]
)
def test_mutants_of_our_package_are_refused(
    check: Check, fillings: str, tmp_path: Path, file: str, verdict: str
) -> None:
    package = golden_package(tmp_path)
    path, (before, after) = package / "src" / "hf_bert" / file, MUTANTS[file][verdict]
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after), "utf-8")
    result = check(find_sources(package)[0].path, task="fill-mask", expected=fillings)
    assert result["verdict"] == verdict, result["detail"]


def made_for_a_module(tmp_path: Path) -> tuple[str, Path]:
    """What is said of the package that is made for a module, and the package's sources."""
    modules = shutil.copytree(MODULES, tmp_path / "modules")
    module = modules / "named.py"
    module.write_text(
        """
from .hf_bert import hf_bert as right
DEFAULT = "google-bert/bert-large-uncased"
class Named(right):
    create_cpu_embed_endpoint_handler = right.create_cpu_text_embedding_endpoint_handler
    create_cpu_embedding_endpoint_handler = create_cpu_embed_endpoint_handler
    create_cuda_mlm_endpoint_handler = create_cpu_embed_endpoint_handler
    create_cpu_text_embedding_endpoint_handler = None
    def summarise(self): ...
""",
        "utf-8",
    )
    checker = Checker(tmp_path, Limits(timeout_s=300.0), model_type="bert")
    messages = as_template(checker, [Source(module)], tmp_path / "packages")
    return messages, tmp_path / "packages" / "hf_bert" / "src" / "hf_bert"


def test_our_package_is_made_for_what_a_module_offers(tmp_path: Path) -> None:
    _, package = made_for_a_module(tmp_path)
    registry = json.loads((package / "registry.json").read_text())
    assert next(iter(registry["tasks"])) == "feature-extraction"
    assert registry["default_checkpoint"] == "google-bert/bert-large-uncased"


def test_our_package_answers_to_the_names_of_a_module(tmp_path: Path) -> None:
    output, package = made_for_a_module(tmp_path)
    assert "added create_cpu_embed_endpoint_handler" in output
    assert "missing summarise of named" in output and "missing init_cpu" not in output
    names = ("embed", "embedding", "mlm")
    methods = [f"create_openvino_{name}_endpoint_handler" for name in names]
    for method in methods:
        assert f"added {method}" in output
    code = f"import hf_bert; [getattr(hf_bert.hf_bert, name) for name in {methods}]"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=package.parent)


def test_a_module_of_no_model_type_makes_no_package(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="contains no known model type: use --model-type"):
        as_template(Checker(tmp_path, Limits(60.0)), [Source(MODULES / "fakes.py")], tmp_path)


def test_the_command_writes_records_run_and_page(tmp_path: Path, run_script: Any) -> None:
    modules = shutil.copytree(MODULES, tmp_path / "modules")
    for name in ("fakes", "no_class"):
        (modules / f"{name}.py").unlink()
    output = ["--json", tmp_path / "found.json", "--report", tmp_path / "page.html"]
    finished = run_script("check_skillset", modules, *output, "--run", tmp_path / "run")
    assert finished.returncode == 0, finished.stderr
    assert "hf_bert feature-extraction on cpu: equal in the form mean" in finished.stdout
    assert "1 equal to transformers; 0 of 1 make a wrong claim" in finished.stderr
    [result] = json.loads((tmp_path / "found.json").read_text())
    assert result["status"] == "REAL" and len(result["steps"]) == 12
    assert "feature-extraction" in (tmp_path / "page.html").read_text()
    assert json.loads((tmp_path / "run" / "results.jsonl").read_text()) == result


def records_of_two(tmp_path: Path) -> list[dict[str, Any]]:
    """Records of a file and of a package of one name, in one folder."""
    (tmp_path / "hf_bert.py").write_text("")
    (tmp_path / "hf_bert").mkdir()
    (tmp_path / "hf_bert" / "__init__.py").write_text("")
    found = []
    for source, verdict in zip(
        find_sources(tmp_path), ("parts are fakes", "equal to transformers")
    ):
        steps = [{"rung": "parts", "passed": False, "evidence": "a mock"}]
        outcome = {"verdict": verdict, "steps": steps, "claims": "REAL"}
        found.append(record(source, "bert", "feature-extraction", "cpu", outcome))
    return found


def test_every_module_has_a_row_of_its_own_in_the_report(tmp_path: Path) -> None:
    records = records_of_two(tmp_path)
    writer = begin_run(tmp_path / "run", "cpu", len(records))
    for each in records:
        writer.append(each)
    writer.finish()
    shown = payload(read_run(tmp_path / "run"), read_entries(MODELS_OF_REGISTRY))
    assert [row["name"] for row in shown["types"]] == ["bert · hf_bert", "bert · hf_bert.py"]
    assert [row["path"] for row in shown["types"]] == [each["path"] for each in records[::-1]]
    place, texts = shown["cell"].index, shown["texts"]
    named = [
        tuple(texts[cell[place(name)]] for name in ("status", "verdict", "claims"))
        for cell in shown["cells"]
    ]
    assert named == [
        ("FAILED", "parts are fakes", "REAL"),
        ("REAL", "equal to transformers", "REAL"),
    ]


def test_two_runs_are_compared_module_by_module(tmp_path: Path) -> None:
    fakes, right = records_of_two(tmp_path)
    changes = compare([fakes, right], [fakes, {**right, **FAILED_NOW}])
    [regression] = changes.regressions
    assert (regression.module, changes.unchanged) == ("hf_bert", 1)


def test_a_check_is_not_recorded_as_a_measurement_of_ours(tmp_path: Path) -> None:
    records = records_of_two(tmp_path)
    assert unknown_cells(records) == records
    for each in records:
        del each["module"]
    assert unknown_cells(records) == []


@pytest.mark.parametrize(
    "arguments, output",
    [
        (["/missing"], "file or folder not found: '/missing'"),
        ([MODULES, "--dialect", "klingon"], "unknown dialect 'klingon'"),
        ([MODULES, "--model-type", "bertt"], "'bertt' is neither a model type"),
        ([MODULES / "parts"], "no module in"),
    ],
)
def test_wrong_usage_is_one_sentence(run_script: Any, arguments: list[Any], output: str) -> None:
    finished = run_script("check_skillset", *arguments)
    assert finished.returncode == 2
    assert output in finished.stderr and finished.stderr.count("\n") == 1
