"""`copier copy` as a person uses it: questions, refusals, defaults."""

from __future__ import annotations

import ast
import json
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import copier
import pytest
import yaml
from conftest import ROOT, file_bytes
from copier._cli import CopierApp
from copier._main import Worker
from copier.errors import UnsupportedVersionError, UserMessageError
from hypothesis import HealthCheck, settings
from hypothesis import example as example_text
from hypothesis import given as given_text
from hypothesis import strategies as st
from jinja2 import Environment, FileSystemLoader
from jinja2_ansible_filters import AnsibleCoreFiltersExtension
from packaging.version import Version
from terminal import Terminal

from hf_skillset_templates.batch.package import PackageJob, generate_package
from hf_skillset_templates.registry import resolve as module
from hf_skillset_templates.registry.resolve import UnknownModelError, resolve
from hf_skillset_templates.registry.store.model_types import model_types

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

COPY = [sys.executable, "-m", "copier", "copy", "--trust"]


def copy(template: Path, target: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run `copier copy` without questions, from inside the template."""
    command = [*COPY, "--defaults", "--quiet", *options, ".", str(target)]
    return subprocess.run(command, cwd=template, capture_output=True, text=True)


def answers_of(package: Path) -> dict[str, object]:
    """What a package's answers file says."""
    answers: dict[str, object] = yaml.safe_load((package / ".copier-answers.yml").read_text())
    return answers


def test_a_model_type_is_all_that_is_needed(template_repository: Path, tmp_path: Path) -> None:
    finished = copy(template_repository, tmp_path / "hf_bert", "-d", "model_type=bert")
    assert finished.returncode == 0, finished.stderr
    answers = answers_of(tmp_path / "hf_bert")
    assert answers["tasks"][0] == "fill-mask"  # type: ignore[index]
    assert answers["checkpoint"] == "google-bert/bert-base-uncased"
    assert answers["profile"] == "improved"
    assert "entry" not in answers and "batch_origin" not in answers


@pytest.mark.parametrize(("misspelt", "meant"), [("whispr", "whisper"), ("brt", "bert")])
def test_misspelt_model_type_is_refused_with_similar_names(
    template_repository: Path, tmp_path: Path, misspelt: str, meant: str
) -> None:
    finished = copy(template_repository, tmp_path / "out", "-d", f"model_type={misspelt}")
    assert finished.returncode != 0
    near = finished.stderr.split("similar names:")[1]
    assert misspelt in finished.stderr and meant in near
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "answer", ["tasks=[image-classification]", "platforms=[abacus]", "package_name=Bert Model"]
)
def test_impossible_answers_are_refused(
    template_repository: Path, tmp_path: Path, answer: str
) -> None:
    finished = copy(template_repository, tmp_path / "out", "-d", "model_type=bert", "-d", answer)
    assert finished.returncode != 0
    assert not (tmp_path / "out").exists()


def test_without_trust_nothing_is_written(template_repository: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "copier", "copy", "--defaults", "-d", "model_type=bert"]
    finished = subprocess.run(
        [*command, ".", str(tmp_path / "out")], cwd=template_repository, capture_output=True
    )
    assert finished.returncode == 4
    assert not (tmp_path / "out").exists()


def test_a_failing_hook_leaves_no_package(template_repository: Path, tmp_path: Path) -> None:
    copy_of_template = tmp_path / "template"
    subprocess.run(
        ["git", "clone", "--quiet", str(template_repository), str(copy_of_template)], check=True
    )
    hook = copy_of_template / "hooks" / "validate_package.py"
    hook.write_text("raise SystemExit('broken on purpose')\n")
    finished = copy(
        copy_of_template, tmp_path / "out", "--vcs-ref", "HEAD", "-d", "model_type=bert"
    )
    assert finished.returncode != 0
    assert not (tmp_path / "out").exists()


def test_questions_are_asked_in_order(template_repository: Path, tmp_path: Path) -> None:
    target = tmp_path / "hf_vit"
    terminal = Terminal([*COPY, ".", str(target)], template_repository)
    terminal.expect("Model type")
    terminal.answer("vit")
    terminal.expect("Tasks")
    terminal.expect("image-classification")
    terminal.answer()
    terminal.expect("Primary task")
    terminal.answer()
    terminal.expect("Platforms")
    terminal.answer()
    terminal.expect("Default checkpoint")
    terminal.answer()
    terminal.expect("Content of the package")
    terminal.answer()
    for question in (
        "Package name",
        "code that all packages share",
        "on every push",
        "Licence",
        "Author",
    ):
        terminal.expect(question)
        terminal.answer()
    assert terminal.wait() == 0
    assert answers_of(target)["model_type"] == "vit"
    assert (target / "src" / "hf_vit" / "skillset.py").is_file()


def test_the_batch_gives_the_same_bytes(template_repository: Path, tmp_path: Path) -> None:
    """The batch of that template, with its own registry, in a process of its own."""
    copy(template_repository, tmp_path / "hf_bert", "-d", "model_type=bert")
    code = (
        "import sys; from pathlib import Path; from hf_skillset_templates.batch import package;"
        "from hf_skillset_templates.batch.origin import template_origin;"
        "package.ROOT = Path(sys.argv[1]);"
        "origin = template_origin(package.ROOT);"
        "job = package.PackageJob('bert', 'hf_bert', sys.argv[2], {}, origin);"
        "outcome = package.generate_package(job); sys.exit(outcome.error or None)"
    )
    batch = tmp_path / "batch"
    subprocess.run(
        [sys.executable, "-c", code, str(template_repository), str(batch)], check=True, cwd=ROOT
    )
    assert file_bytes(batch / "hf_bert") == file_bytes(tmp_path / "hf_bert")


@pytest.mark.parametrize(
    ("answers", "output"),
    [
        ([], "model type is needed"),
        (["model_type=gpt5"], "gpt5 is neither a model type"),
        (["model_type="], "model type is needed"),
        (["model_type=[bert]"], "neither a model type"),
        (["model_type=../../registry/models/bert"], "neither a model type"),
        (
            ["model_type=bert", "tasks=[image-classification]"],
            "image-classification is not one of the tasks",
        ),
        (["model_type=bert", "tasks=[fill-mask, nope]"], "nope is not one of the tasks"),
        (["model_type=bert", "tasks=[]"], "tasks must be a list"),
        (["model_type=bert", "primary_task=nope"], "nope is not a valid primary_task"),
        (["model_type=bert", "platforms=[abacus]"], "abacus is not one of the platforms"),
        (["model_type=bert", "platforms=[openvino]"], "platforms must include cpu"),
        (["model_type=bert", "profile=nope"], "nope is not a valid profile"),
        (["model_type=bert", "license=nope"], "nope is not a valid license"),
        (["model_type=bert", 'package_name="bert\\n"'], "lower-case letters"),
        (["model_type=bert", "package_name=class"], "a word of the Python language"),
        (["model_type=bert", "package_name=json"], "a module of Python"),
        (["model_type=bert", "package_name=torch"], "a library that packages use"),
        (["model_type=bert", "package_name=tests"], "a folder that every package has"),
        (["model_type=bert", f"package_name={'a' * 300}"], "at most 64"),
    ],
)
def test_a_wrong_answer_is_one_line(
    template_repository: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    answers: list[str],
    output: str,
) -> None:
    assert copy_here(template_repository, tmp_path / "out", answers) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert output in line
    assert not (tmp_path / "out").exists()


def copy_here(template: Path, target: Path, answers: list[str]) -> int:
    """`copier copy` by its command line, in this process; its exit code."""
    options = [word for answer in answers for word in ("--data", answer)]
    words = ["copier", "copy", "--trust", "--defaults", "--quiet", *options]
    _, code = CopierApp.run([*words, str(template), str(target)], exit=False)
    return int(code)


@pytest.fixture(scope="module")
def questions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The questions alone: a template that renders nothing but the answers, without hooks."""
    root = tmp_path_factory.mktemp("questions")
    shutil.copytree(ROOT / "macros", root / "macros")
    shutil.copytree(ROOT / "registry", root / "registry", ignore=shutil.ignore_patterns("tiny"))
    for profile in ("basic", "package"):
        name = f"template/{profile}/{{{{_copier_conf.answers_file}}}}.jinja"
        (root / name).parent.mkdir(parents=True)
        shutil.copy(ROOT / name, root / name)
    text = (ROOT / "copier.yml").read_text("utf-8")
    before, _, rest = text.partition("_tasks:\n")
    (root / "copier.yml").write_text(before + rest[rest.index("_message_after_copy") :], "utf-8")
    return root


def given(questions: Path, target: Path, **answers: object) -> dict[str, object]:
    """The answers file that answers lead to."""
    copier.run_copy(str(questions), target, data=answers, defaults=True, quiet=True, overwrite=True)
    return answers_of(target)


NAMES = (
    *("bert", "BERT", "hf_bert", "hf-bert", "qwen2vl", "Qwen2-VL", "qwen2.5-vl", "b-e-r-t"),
    *(
        "gpt5",
        "barter",
        "distilled",
        "option",
        "bertt",
        "😀bert",
        "\uff42\uff45\uff52\uff54",
        "bert!",
        "../bert",
    ),
    *("bert-base-uncased", "google-bert/bert-base-uncased", "someone/My-BERT_v2", "a/b/bert"),
    *("someone/vit-gpt2-x", "someone/distilled-x", "someone/wav2vec2-bert.x", "t5", "x" * 300),
    *("distilbert/distilroberta-base", "-/bert", "bert/", "/bert", "gpt-2", "audio_spectrogram"),
    *(
        "someone/unheard-of",
        " bert ",
        "bert\u00a0",
        "bert\u200b",
        "be\u0301rt",
        "BERT\u0130",
        "\u017ft5",
    ),
    *("bert\\", "C:\\bert", "file:///bert", "https://huggingface.co/bert/bert", "bert:latest"),
    *(
        "~",
        "~/bert",
        "~nosuchuser/bert",
        "..",
        "hf_",
        "hf_hf_bert",
        "someone/bert\n",
        "someone/..bert",
    ),
)


@pytest.mark.parametrize("name", NAMES)
def test_copier_copy_and_the_batch_agree_on_every_name(
    questions: Path, tmp_path: Path, name: str
) -> None:
    try:
        expected = resolve(name, ask_hub=False).model_type
    except UnknownModelError:
        with pytest.raises(UserMessageError):
            given(questions, tmp_path / "out", model_type=name)
    else:
        assert given(questions, tmp_path / "out", model_type=name)["model_type"] == expected


PARTS = (
    *"/-_.~ :@\\\n\t\0%{}'\"\u00a0\u0130\u017f\u212a\uff42😀\x1c\x85\u2028\r",
    *("..", "hf_", "hf-", "org/", "-base", "vit-gpt2", "BERT"),
)


def names_like(known: Sequence[str]) -> Iterator[str]:
    """Names that resemble model types: misspelt, other spellings, of checkpoints, hostile."""
    chance = random.Random(14)
    for name in known:
        at, letter, part = chance.randrange(len(name)), chance.choice("aeinst5"), chance.choice
        yield from (name[:at] + letter + name[at:], name[:at] + name[at + 1 :], name.upper())
        yield from (f"hf_{name.replace('_', '.')}", f"someone/x-{name}_y", f"{part(PARTS)}{name}")
        yield f"o/{name}{part(PARTS)}{part(known)}"
        yield "".join(part(PARTS) for _ in range(chance.randrange(1, 5)))


class HubThatKnowsEverything(module.Hub):
    """Says that every checkpoint is a bert."""

    def model_type(self, checkpoint: str) -> str | None:
        return "bert"


def test_both_take_a_thousand_names_alike_whatever_the_hub_says(
    questions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_hub", [HubThatKnowsEverything()])
    asked = "{% from 'macros/registry.jinja' import resolved %}{{ resolved(name) }}"
    render = Worker(src_path=str(questions), dst_path=tmp_path).jinja_env.from_string(asked).render
    names = list(names_like(model_types()[::4]))
    assert len(names) >= 1000
    differing = {}
    for name in names:
        try:
            expected = resolve(name).model_type
        except UnknownModelError:
            expected = ""
        if (actual := render(name=name)) != expected:
            differing[name] = (expected, actual)
    assert differing == {}


@pytest.mark.parametrize("name", ["someone/bert-x", "./here", "[a]*?", "bert"])
def test_a_checkpoint_folder_is_taken_as_no_other_model_type(
    questions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The batch takes what its config.json states; `copier copy` reads none and guesses nothing."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).mkdir(parents=True)
    (tmp_path / name / "config.json").write_text('{"model_type": "t5"}')
    expected = resolve(name, ask_hub=False).model_type
    if name == "bert":
        assert given(questions, tmp_path / "out", model_type=name)["model_type"] == expected
        return
    assert expected == "t5"
    with pytest.raises(UserMessageError, match="is a folder: name the model type"):
        given(questions, tmp_path / "out", model_type=name)


@pytest.mark.parametrize(("name", "near"), [("brt", "bert"), ("whispr", "whisper"), ("zzzz", "")])
def test_similar_names_are_real_ones(questions: Path, tmp_path: Path, name: str, near: str) -> None:
    with pytest.raises(UserMessageError) as refused:
        given(questions, tmp_path / "out", model_type=name)
    _, result, listed = str(refused.value).partition("similar names: ")
    assert near in listed and bool(result) == bool(near)


def test_what_was_taken_as_what_is_told(
    questions: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = {"model_type": "bert-base-uncased"}
    copier.run_copy(str(questions), tmp_path / "out", data=data, defaults=True)
    assert "bert-base-uncased was resolved to bert" in capsys.readouterr().err


def test_a_copier_that_is_too_old_is_told(
    questions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 9.19.0 git 2.39 and older understand no checkout: every copy fails."""
    monkeypatch.setattr("copier._template.copier_version", lambda: Version("9.19.0"))
    with pytest.raises(UnsupportedVersionError, match=r"requires Copier version >= 9\.19\.1"):
        given(questions, tmp_path, model_type="bert")


def test_the_oldest_copier_is_the_same_everywhere() -> None:
    stated = yaml.safe_load((ROOT / "copier.yml").read_text("utf-8"))["_min_copier_version"]
    of_ci = yaml.safe_load((ROOT / "ci_template/copier.yml").read_text("utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert stated == "9.19.1" == of_ci["_min_copier_version"]
    assert f"copier>={stated}" in project["dependencies"]
    assert f"Copier {stated}" in (ROOT / "docs/using.md").read_text("utf-8")


def test_the_primary_task_is_asked_for(questions: Path, tmp_path: Path) -> None:
    chosen = ["fill-mask", "token-classification", "text-classification"]
    answers = given(
        questions, tmp_path / "a", model_type="bert", tasks=chosen, primary_task=chosen[1]
    )
    assert answers["primary_task"] == "token-classification"
    assert "primary_task" not in given(
        questions, tmp_path / "b", model_type="bert", tasks=chosen[:1]
    )
    alone = given(questions, tmp_path / "c", model_type="bert", tasks=chosen)
    assert alone["primary_task"] == "fill-mask"


def test_the_choices_are_checked_beforehand_as_they_are_offered() -> None:
    asked = yaml.safe_load((ROOT / "copier.yml").read_text("utf-8"))
    for name, choices in (
        ("profile", list(asked["profile"]["choices"].values())),
        ("license", asked["license"]["choices"]),
    ):
        assert repr(choices) in asked["wrong_answer"]["when"], name


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given_text(TEXTS)
@example_text("😀 \"quoted\" 'twice' \\ back\nnew\tline\r\n")
@example_text("مرحبا \u202e‮ עברית")
@example_text("\x00\x07\x7f\x85\u2028\ufeff")
@example_text("```\n# no heading\n``` {{ 7 * 7 }} {% raw %}")
@example_text("null")
@example_text("- a: [b")
def test_every_text_survives(questions: Path, tmp_path: Path, text: str) -> None:
    answers = given(questions, tmp_path / "out", model_type="bert", author=text, checkpoint=text)
    assert (answers["author"], answers["checkpoint"]) == (text, text)
    environment = Environment(
        loader=FileSystemLoader(ROOT), extensions=[AnsibleCoreFiltersExtension], autoescape=False
    )
    macros = environment.get_template("macros/answers.jinja").module
    literal, fenced = macros.literal(text), macros.fenced(text)  # type: ignore[attr-defined]
    assert tomllib.loads(f"x = {literal}")["x"] == text
    assert ast.literal_eval(literal) == ast.literal_eval(fenced) == text
    assert json.loads(literal) == text
    assert "`" not in fenced and "\n" not in fenced


def test_a_package_says_texts_as_they_were_typed(tmp_path: Path) -> None:
    text = "😀 \"Zoë\" \\ 'x' ```\u202e שלום\nsecond\tline\x7f"
    answers = {"author": text, "checkpoint": text, "tasks": ["fill-mask"], "platforms": ["cpu"]}
    job = PackageJob("bert", "hf_bert", str(tmp_path), answers)
    assert generate_package(job).error == ""
    package = tmp_path / "hf_bert"
    project = tomllib.loads((package / "pyproject.toml").read_bytes().decode())["project"]
    assert project["authors"] == [{"name": text}]
    entry = json.loads((package / "src/hf_bert/registry.json").read_bytes())
    assert entry["default_checkpoint"] == text
    assert answers_of(package)["author"] == text
    readme = (package / "README.md").read_bytes().decode()
    (example,) = re.findall(r"^checkpoint = (.*)$", readme, flags=re.MULTILINE)
    assert ast.literal_eval(example) == text and "`" not in example
