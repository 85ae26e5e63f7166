"""A text's vector is made as the checkpoint's own sentence-transformers files say."""

from __future__ import annotations

import importlib.util
import json
import shutil
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import ROOT
from safetensors.numpy import save_file

from hf_skillset_runtime.testing.tiny_checkpoint import build_checkpoint
from hf_skillset_templates.registry.store.entries import read_entry
from hf_skillset_templates.registry.store.model_types import pipeline_map
from hf_skillset_templates.source_skillset import source_skillset

TASK = "sentence-similarity"
TEXTS = ["A small boat crosses the quiet bay.", "The Library opens.", "boats " * 30]
POOLINGS = {
    "cls": lambda states: states[0],
    "max": lambda states: states.max(0).values,
    "mean": lambda states: states.mean(0),
    "mean_sqrt_len_tokens": lambda states: states.sum(0) / len(states) ** 0.5,
    "weightedmean": lambda states: weighted(states),
    "lasttoken": lambda states: states[-1],
}
OLD_FIELDS = {
    "cls": "pooling_mode_cls_token",
    "max": "pooling_mode_max_tokens",
    "mean": "pooling_mode_mean_tokens",
    "mean_sqrt_len_tokens": "pooling_mode_mean_sqrt_len_tokens",
    "weightedmean": "pooling_mode_weightedmean_tokens",
    "lasttoken": "pooling_mode_lasttoken",
}


def weighted(states: Any) -> Any:
    """The mean with the weights 1, 2, 3, ..."""
    weights = torch.arange(1, len(states) + 1)[:, None]
    return (states * weights).sum(0) / weights.sum()


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny bert without files of sentence-transformers."""
    folder = tmp_path_factory.mktemp("plain") / "checkpoint"
    return build_checkpoint(ROOT / "registry/tiny/bert", "AutoModel", folder)


@pytest.fixture
def checkpoint(plain: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may add files to."""
    return shutil.copytree(plain, tmp_path / "checkpoint")


def add_modules(checkpoint: Path, *modules: tuple[str, dict[str, Any]], **settings: Any) -> None:
    """Write the files of sentence-transformers for a transformer and the modules behind it."""
    listed = [
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}
    ]
    for place, (kind, config) in enumerate(modules, 1):
        folder = checkpoint / f"{place}_{kind}"
        folder.mkdir()
        (folder / "config.json").write_text(json.dumps(config))
        name = f"sentence_transformers.models.{kind}"
        listed.append({"idx": place, "name": str(place), "path": folder.name, "type": name})
    (checkpoint / "modules.json").write_text(json.dumps(listed))
    (checkpoint / "sentence_bert_config.json").write_text(json.dumps(settings))


def opened(checkpoint: Path | str, **options: Any) -> Any:
    """The handler on the CPU."""
    return source_skillset("bert")(metadata=options).init_cpu(str(checkpoint), task=TASK).handler


def vectors(handler: Any, texts: list[str] = TEXTS, **parameters: Any) -> Any:
    """The vectors of texts, as one batch."""
    return np.array([each["embedding"] for each in handler(texts, **parameters)["result"]])


def states(handler: Any, text: str, **options: Any) -> Any:
    """The states (tokens, hidden) that transformers gives for a text."""
    with torch.inference_mode():
        inputs = handler.processor(text, return_tensors="pt", **options)
        return handler.endpoint(**inputs).last_hidden_state[0]


def pooling_of(*names: str) -> tuple[str, dict[str, Any]]:
    """The module that pools, in the older form."""
    return "Pooling", {"word_embedding_dimension": 32, **{OLD_FIELDS[name]: True for name in names}}


def test_every_text_encoder_has_the_task() -> None:
    for model_type, tasks in pipeline_map().items():
        encodes = {"feature-extraction", "text-encoding"} & set(tasks)
        assert (TASK in tasks) == bool(encodes), model_type
    entry = read_entry("t5")
    assert entry["tasks"][TASK]["model_class"] == "T5EncoderModel"


@pytest.mark.parametrize("form", ["older", "newer"])
@pytest.mark.parametrize("name", list(POOLINGS))
def test_the_pooling_is_the_checkpoints(checkpoint: Path, name: str, form: str) -> None:
    newer = ("Pooling", {"embedding_dimension": 32, "pooling_mode": name})
    add_modules(checkpoint, newer if form == "newer" else pooling_of(name))
    handler = opened(checkpoint)
    expected = [POOLINGS[name](states(handler, text)).numpy() for text in TEXTS]
    np.testing.assert_allclose(vectors(handler), expected, atol=1e-5)


def test_without_files_it_is_the_mean(plain: Path) -> None:
    handler = opened(plain)
    expected = [states(handler, text).mean(0).numpy() for text in TEXTS]
    np.testing.assert_allclose(vectors(handler), expected, atol=1e-5)


def test_several_poolings_are_joined_and_made_of_unit_length(checkpoint: Path) -> None:
    add_modules(checkpoint, pooling_of("mean", "cls"), ("Normalize", {}))
    handler = opened(checkpoint)
    found = [states(handler, text) for text in TEXTS]
    joined = np.array([torch.cat([each[0], each.mean(0)]).numpy() for each in found])
    lengths = np.linalg.norm(joined, axis=1, keepdims=True)
    np.testing.assert_allclose(vectors(handler), joined / lengths, atol=1e-5)
    np.testing.assert_allclose(vectors(handler, normalize=False), joined, atol=1e-5)


def test_a_layer_behind_the_pooling_runs(checkpoint: Path) -> None:
    name = "torch.nn.modules.activation.Tanh"
    dense = ("Dense", {"in_features": 32, "out_features": 5, "activation_function": name})
    add_modules(checkpoint, pooling_of("mean"), dense)
    width = json.loads((checkpoint / "config.json").read_text())["hidden_size"]
    numbers = np.random.default_rng(0)
    weight = numbers.normal(size=(5, width)).astype("float32")
    bias = numbers.normal(size=5).astype("float32")
    save_file(
        {"linear.weight": weight, "linear.bias": bias}, checkpoint / "2_Dense/model.safetensors"
    )
    handler = opened(checkpoint)
    means = np.array([states(handler, text).mean(0).numpy() for text in TEXTS])
    np.testing.assert_allclose(vectors(handler), np.tanh(means @ weight.T + bias), atol=1e-5)


def test_the_longest_text_is_the_checkpoints(checkpoint: Path) -> None:
    add_modules(checkpoint, pooling_of("mean"), max_seq_length=8)
    handler = opened(checkpoint)
    cut = states(handler, TEXTS[2], truncation=True, max_length=8)
    assert len(cut) == 8
    np.testing.assert_allclose(vectors(handler)[2], cut.mean(0).numpy(), atol=1e-5)


def test_prompts_and_lower_case_are_the_checkpoints(checkpoint: Path) -> None:
    add_modules(checkpoint, pooling_of("mean"), do_lower_case=True)
    prompts = {"prompts": {"query": "Query: ", "text": ""}, "default_prompt_name": "query"}
    (checkpoint / "config_sentence_transformers.json").write_text(json.dumps(prompts))
    handler, text = opened(checkpoint), TEXTS[1]
    for name, prompt in ((None, "query: "), ("text", "")):
        expected = states(handler, prompt + text.lower()).mean(0).numpy()
        found = handler(text, prompt_name=name)["result"]["embedding"]
        np.testing.assert_allclose(found, expected, atol=1e-5)
    with pytest.raises(ValueError, match="no prompt 'passage'; it has: query, text"):
        handler(text, prompt_name="passage")


@pytest.mark.parametrize(
    "module, message",
    [
        (("LSTM", {}), "names 'LSTM', which is not supported"),
        (("Pooling", {"pooling_mode": "middle"}), "pooling 'middle' is not supported"),
        (("Dense", {"activation_function": "torch.nn.Softsign"}), "of a kind that is not"),
        (("Dense", {"activation_function": "torch.nn.Tanh"}), "no weights as model.safetensors"),
    ],
)
def test_what_cannot_be_followed_is_refused(checkpoint: Path, module: Any, message: str) -> None:
    add_modules(checkpoint, module)
    with pytest.raises(ValueError, match=message):
        opened(checkpoint)


def test_a_factory_follows_the_files_too(checkpoint: Path) -> None:
    add_modules(checkpoint, pooling_of("cls"))
    handler = opened(checkpoint)
    skillset = source_skillset("bert")()
    again = skillset.create_cpu_sentence_embedding_endpoint_handler(
        str(checkpoint), "cpu", "cpu", handler.endpoint, handler.processor
    )
    np.testing.assert_allclose(vectors(again), vectors(handler), atol=1e-6)


@pytest.mark.parametrize("name", list(POOLINGS))
def test_the_prompt_can_be_left_out_of_the_pooling(checkpoint: Path, name: str) -> None:
    kind, config = pooling_of(name)
    add_modules(checkpoint, (kind, {**config, "include_prompt": False}))
    prompts = {"prompts": {"query": "the quiet library"}, "default_prompt_name": "query"}
    (checkpoint / "config_sentence_transformers.json").write_text(json.dumps(prompts))
    handler, text = opened(checkpoint), TEXTS[0]
    whole = states(handler, "the quiet library" + text)
    mask = torch.ones(len(whole), 1)
    mask[: len(handler.processor("the quiet library")["input_ids"]) - 1] = 0  # all but [SEP]
    positions = torch.arange(1, len(whole) + 1)[:, None]
    expected = {
        "cls": whole[0],
        "max": whole.masked_fill(mask == 0, -torch.inf).max(0).values,
        "mean": (whole * mask).sum(0) / mask.sum(),
        "mean_sqrt_len_tokens": (whole * mask).sum(0) / mask.sum() ** 0.5,
        "weightedmean": (whole * mask * positions).sum(0) / (mask * positions).sum(),
        "lasttoken": whole[-1],
    }
    found = vectors(handler, [text, "boats"])[0]
    np.testing.assert_allclose(found, expected[name].numpy(), atol=1e-5)


@pytest.mark.parametrize("name", ["cosine", "dot", "euclidean", "manhattan", None])
def test_the_similarity_function_is_the_checkpoints(checkpoint: Path, name: str | None) -> None:
    add_modules(checkpoint, pooling_of("mean"))
    general = checkpoint / "config_sentence_transformers.json"
    general.write_text(json.dumps({"similarity_fn_name": name}))
    handler = opened(checkpoint)
    one, other = map(torch.tensor, vectors(handler)[:2])
    expected = {
        "dot": (one * other).sum(),
        "euclidean": -torch.dist(one, other),
        "manhattan": -torch.dist(one, other, p=1),
    }
    reference = expected.get(str(name), torch.cosine_similarity(one, other, dim=0))
    assert handler(*TEXTS[:2])["result"]["similarity"] == pytest.approx(float(reference), abs=1e-5)


def test_an_unknown_similarity_function_is_refused(checkpoint: Path) -> None:
    add_modules(checkpoint, pooling_of("mean"))
    general = checkpoint / "config_sentence_transformers.json"
    general.write_text(json.dumps({"similarity_fn_name": "hamming"}))
    with pytest.raises(ValueError, match="similarity 'hamming'"):
        opened(checkpoint)


def test_the_similarity_is_the_cosine_of_two_vectors(checkpoint: Path) -> None:
    add_modules(checkpoint, pooling_of("cls"))
    handler = opened(checkpoint)
    one, other = vectors(handler)[:2]
    result = handler(*TEXTS[:2])["result"]
    expected = one @ other / np.linalg.norm(one) / np.linalg.norm(other)
    assert result["similarity"] == pytest.approx(expected, abs=1e-5)


def test_a_cached_checkpoint_of_unknown_files_is_used_with_a_warning(
    plain: Path, tmp_path: Path
) -> None:
    """transformers alone puts no modules.json into the cache, whether there is one or not."""
    cached = tmp_path / "models--someone--bert"
    (cached / "refs").mkdir(parents=True)
    (cached / "refs" / "main").write_text("0" * 40)
    shutil.copytree(plain, cached / "snapshots" / ("0" * 40))
    with pytest.warns(RuntimeWarning, match="with modules.json, and the hub cannot be asked"):
        opened("someone/bert", cache_dir=str(tmp_path))
    known = cached / ".no_exist" / ("0" * 40)
    known.mkdir(parents=True)
    (known / "modules.json").write_text("")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        opened("someone/bert", cache_dir=str(tmp_path))


@pytest.mark.skipif(
    importlib.util.find_spec("sentence_transformers") is None, reason="not installed"
)
@pytest.mark.parametrize("name", list(POOLINGS))
def test_it_is_what_sentence_transformers_gives(checkpoint: Path, name: str) -> None:
    from sentence_transformers import SentenceTransformer

    add_modules(checkpoint, pooling_of(name), ("Normalize", {}), max_seq_length=12)
    expected = SentenceTransformer(str(checkpoint), device="cpu").encode(TEXTS)
    np.testing.assert_allclose(vectors(opened(checkpoint)), expected, atol=1e-5)


def test_another_dict_than_two_texts_is_refused(plain: Path) -> None:
    with pytest.raises(ValueError, match="two texts are a dict of one and other; got text"):
        opened(plain)({"text": TEXTS[0]})
