"""The registry covers the whole universe and says what transformers says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from hf_skillset_templates.registry.sources.universe import load_universe
from hf_skillset_templates.registry.store import overrides
from hf_skillset_templates.registry.store.entries import dump, in_order
from hf_skillset_templates.registry.store.paths import (
    CHECKPOINTS,
    MODELS,
    NAMES,
    OVERRIDES,
    PIPELINE_MAP,
    TINY,
)
from hf_skillset_templates.registry.store.schema import all_problems
from hf_skillset_templates.registry.store.variants import load_variants

MAP: dict[str, list[str]] = json.loads(PIPELINE_MAP.read_text(encoding="utf-8"))
ENTRIES = {
    path.stem: json.loads(path.read_text(encoding="utf-8")) for path in MODELS.glob("*.json")
}
PRIMARY = {
    "bert": "fill-mask",
    "roberta": "fill-mask",
    "esm": "fill-mask",
    "gpt2": "text-generation",
    "llama": "text-generation",
    "mamba": "text-generation",
    "mistral4": "text-generation",
    "t5": "text2text-generation",
    "bart": "text2text-generation",
    "marian": "text2text-generation",
    "tapas": "table-question-answering",
    "vit": "image-classification",
    "resnet": "image-classification",
    "detr": "object-detection",
    "segformer": "image-segmentation",
    "mask2former": "image-segmentation",
    "dpt": "depth-estimation",
    "sam": "mask-generation",
    "superpoint": "keypoint-detection",
    "lightglue": "keypoint-matching",
    "swin2sr": "image-to-image",
    "imagegpt": "unconditional-image-generation",
    "clip": "zero-shot-image-classification",
    "siglip": "zero-shot-image-classification",
    "owlvit": "zero-shot-object-detection",
    "clap": "zero-shot-audio-classification",
    "llava": "image-text-to-text",
    "qwen2_vl": "image-text-to-text",
    "blip": "image-text-to-text",
    "vilt": "visual-question-answering",
    "layoutlmv3": "document-question-answering",
    "colpali": "visual-document-retrieval",
    "qwen2_5_omni": "any-to-any",
    "qwen2_audio": "audio-text-to-text",
    "whisper": "automatic-speech-recognition",
    "wav2vec2": "automatic-speech-recognition",
    "parakeet_tdt": "automatic-speech-recognition",
    "audio-spectrogram-transformer": "audio-classification",
    "dac": "audio-tokenization",
    "encodec": "audio-tokenization",
    "univnet": "vocoder",
    "bark": "text-to-audio",
    "vits": "text-to-audio",
    "dia": "text-to-audio",
    "videomae": "video-classification",
    "xclip": "zero-shot-video-classification",
    "timesfm": "time-series-forecasting",
    "autoformer": "time-series-forecasting",
    "decision_transformer": "reinforcement-learning",
    "jev": "decision",
    "evolla": "protein-text-to-text",
    "pi0": "robotics",
    "clip_vision_model": "image-feature-extraction",
    "voxtral_encoder": "audio-feature-extraction",
}


def test_every_model_type_of_transformers_has_tasks_and_an_entry() -> None:
    pytest.importorskip("transformers")
    from hf_skillset_templates.registry.sources.universe import load_universe

    universe = load_universe().model_types
    assert sorted(universe) == list(MAP) == sorted(ENTRIES)
    assert all(MAP.values())


def test_every_entry_follows_the_schema() -> None:
    assert all_problems() == {}


def test_entries_and_map_agree_on_tasks_and_their_order() -> None:
    assert {name: list(entry["tasks"]) for name, entry in ENTRIES.items()} == MAP


def test_every_task_has_a_variant_and_every_variant_a_model_type() -> None:
    used = {task for tasks in MAP.values() for task in tasks}
    assert used == set(load_variants())


@pytest.mark.parametrize(("model_type", "task"), PRIMARY.items())
def test_primary_task_is_what_the_hub_would_say(model_type: str, task: str) -> None:
    assert MAP[model_type][0] == task


def test_descriptions_are_sentences() -> None:
    wrong = {
        name: entry["description"]
        for name, entry in ENTRIES.items()
        if entry["description"] and not re.search(r"[^\s.,;:]\.$", entry["description"])
    }
    assert wrong == {}


def test_package_names_are_distinct() -> None:
    names = [entry["package"] for entry in ENTRIES.values()]
    assert len(set(names)) == len(names)
    assert ENTRIES["audio-spectrogram-transformer"]["package"] == "hf_audio_spectrogram_transformer"


def test_known_checkpoints_lead_to_known_model_types() -> None:
    known = json.loads(CHECKPOINTS.read_text(encoding="utf-8"))
    assert set(known.values()) <= set(MAP)
    assert known["google-bert/bert-base-uncased"] == "bert"
    assert known["facebook/sam-vit-huge"] == "sam"
    assert known["Qwen/Qwen2-VL-7B-Instruct"] == "qwen2_vl"


def test_a_copied_checkpoint_is_not_taken() -> None:
    assert ENTRIES["got_ocr2"]["default_checkpoint"] == "stepfun-ai/GOT-OCR-2.0-hf"
    assert ENTRIES["sew"]["default_checkpoint"] is None
    assert ENTRIES["qwen2_5_vl"]["default_checkpoint"] == "Qwen/Qwen2.5-VL-7B-Instruct"


def test_dependencies_name_what_transformers_asks_for() -> None:
    pip = {name: entry["dependencies"]["pip"] for name, entry in ENTRIES.items()}
    assert pip["gpt2"] == ["torch>=2.6", "transformers>=5.24.0", "numpy>=1.17"]
    assert "natten<0.20" in pip["dinat"]
    assert "essentia" in pip["pop2piano"]
    assert "timm>=1.0.23" in pip["timm_backbone"]
    assert "pillow>=10.0.1" in pip["vit"]
    assert "scipy" in pip["mask2former"]
    assert not any("scipy" in name for name in pip["detr"])


def test_stated_dependencies_are_enough_to_import_and_load() -> None:
    """What the stage dependencies found with nothing else in reach; the others say why not."""
    confirmed = {name: entry["dependencies_confirmed"] for name, entry in ENTRIES.items()}
    failed = {name for name, result in confirmed.items() if not result["imports"]}
    assert all(confirmed[name]["error"] for name in failed)
    assert len(failed) <= 3, failed


def test_entries_are_written_in_one_order() -> None:
    wrong = [
        name
        for name, entry in ENTRIES.items()
        if (MODELS / f"{name}.json").read_text(encoding="utf-8") != dump(in_order(entry))
    ]
    assert wrong == []


def test_a_stage_with_nothing_missing_does_nothing() -> None:
    pytest.importorskip("torch")
    from hf_skillset_templates.isolation import Limits
    from hf_skillset_templates.registry.build import STAGES, build, missing
    from hf_skillset_templates.registry.stages.running import Workers

    workers = Workers(1, Limits(timeout_s=60))
    assert missing("facts", list(MAP)) == []
    assert [outcome for stage in STAGES for outcome in build(stage, [], workers)] == []


def test_nothing_tells_on_which_machine_it_was_built() -> None:
    files = [*MODELS.glob("*.json"), *TINY.rglob("*.json")]
    telling = ("/tmp/", "site-packages/", "local_files_only")
    result = [path for path in files if any(t in path.read_text("utf-8") for t in telling)]
    assert result == []


def test_every_hand_written_fact_has_a_reason() -> None:
    from hf_skillset_templates.registry.store.overrides import SECTIONS, fact_overrides, section

    for path in OVERRIDES.glob("*.yml"):
        assert path.stem in MAP, f"{path} corrects no model type"
        fact_overrides(path.stem)
        assert any([section(path.stem, name) for name in SECTIONS]), f"{path} says nothing"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("facts: {pads: false}", "facts has no why"),
        ("inputs: {why: a reason, shape: [1]}", "unknown keys under inputs: shape"),
        ("model: {why: a reason}", "unknown sections: model"),
    ],
)
def test_an_override_that_nobody_reads_is_refused(
    text: str, problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hf_skillset_templates.registry.store import overrides

    monkeypatch.setattr(overrides, "OVERRIDES", tmp_path)
    overrides._stated.cache_clear()
    (tmp_path / "bert.yml").write_text(text)
    with pytest.raises(overrides.OverrideError, match=problem):
        for name in overrides.SECTIONS:
            overrides.section("bert", name)
    overrides._stated.cache_clear()


def test_every_failure_is_explained_and_nothing_else() -> None:
    from hf_skillset_templates.registry.store.overrides import section
    from hf_skillset_templates.reports.coverage import failed, has_tiny_model

    entries = [json.loads(path.read_text("utf-8")) for path in MODELS.glob("*.json")]
    failing = {e["model_type"] for e in entries if failed(e) or not has_tiny_model(e)}
    assert {name for name in MAP if section(name, "failure")} == failing


def test_building_again_changes_no_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("transformers")
    from hf_skillset_templates.registry.stages import facts
    from hf_skillset_templates.registry.store import entries

    chosen = ["bert", "llava", "whisper", "qwen2_vl_text", "audio-spectrogram-transformer"]
    before = {name: (MODELS / f"{name}.json").read_bytes() for name in chosen}
    for name, content in before.items():
        (tmp_path / f"{name}.json").write_bytes(content)
    monkeypatch.setattr(entries, "MODELS", tmp_path)
    monkeypatch.setattr(facts, "PIPELINE_MAP", tmp_path / "map" / "pipeline_map.json")
    monkeypatch.setattr(facts, "CHECKPOINTS", tmp_path / "map" / "checkpoints.json")
    monkeypatch.setattr(facts, "NAMES", tmp_path / "map" / "names.json")
    assert facts.build_facts(chosen) == set()
    assert {name: (tmp_path / f"{name}.json").read_bytes() for name in chosen} == before
    assert (tmp_path / "map" / "pipeline_map.json").read_bytes() == PIPELINE_MAP.read_bytes()
    assert (tmp_path / "map" / "checkpoints.json").read_bytes() == CHECKPOINTS.read_bytes()
    assert (tmp_path / "map" / "names.json").read_bytes() == NAMES.read_bytes()


@pytest.mark.parametrize(
    "content",
    [
        b"[1]",
        b"text",
        b"facts: [",
        b"\xff\xfe",
        b"facts: " + b"[" * 50_000,
        b"facts: 7",
        b"facts: {1: 2, why: x}",
        b"facts: {tasks: 7, why: x}",
        b"facts: {tasks: {fill-mask: 7}, why: x}",
        b"facts: {why: ''}",
        b"1: 2",
        b"facts: !!python/object/apply:os.system [echo]",
    ],
)
def test_a_hostile_override_is_named(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hostile.yml").write_bytes(content)
    monkeypatch.setattr(overrides, "OVERRIDES", tmp_path)
    overrides._stated.cache_clear()
    with pytest.raises(overrides.OverrideError, match=r"hostile\.yml"):
        overrides.fact_overrides("hostile")
    overrides._stated.cache_clear()


def test_every_auto_class_of_a_variant_exists() -> None:
    universe = load_universe()
    named = {name for variant in load_variants().values() for name in variant.auto_classes}
    assert not sorted(named - set(universe.mappings))


def test_an_auto_class_of_another_release_has_no_classes() -> None:
    assert load_universe().classes("AutoModelOfTomorrow", "bert") == ()
