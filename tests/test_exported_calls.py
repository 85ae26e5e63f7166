"""What an exported module is called with, and what it computes."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

from hf_skillset_runtime.calls import model_state
from hf_skillset_runtime.export import exported_model as exported_models
from hf_skillset_runtime.export import graphs, known_numbers, normed_attention
from hf_skillset_runtime.export.calls import present

torch = pytest.importorskip("torch")
pytest.importorskip("transformers.exporters")


@pytest.fixture
def exported_model(tmp_path: Path) -> Callable[..., Any]:
    """Lets a model's calls be exported, each graph a module that notes its name."""

    class Traced(graphs.Graph):
        def __init__(self, program: Any) -> None:
            self.program = program

        def accepts(self, shapes: Any) -> bool:
            given = {
                n.name: n.meta["val"].shape for n in self.program.graph.find_nodes(op="placeholder")
            }
            return all(
                size == known
                for name, shape in shapes.items()
                for size, known in zip(shape, given[name])
                if isinstance(known, int)
            )

        def __call__(self, inputs: Any) -> Any:
            return self.program.module()(**inputs)

    made: list[Any] = []

    class Maker(graphs.GraphMaker):
        def make(self, module: Any, inputs: Any, folder: Path, dynamic_shapes: Any) -> Any:
            program = torch.export.export(module, (), dict(inputs), dynamic_shapes=dynamic_shapes)
            made.append(Traced(program))
            return made[-1]

        def load(self, folder: Path) -> Any:
            return made[-1]  # a graph is loaded again where a run of it failed

    def exported(model: Any, tolerance: float | None = None) -> Any:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        result = exported_models.ExportedModel(model, Maker(), folder, tolerance)
        result.intercept([""])
        return result

    return exported


class DecidesByValues(torch.nn.Module):
    """Python decides by a tensor's values between two layers: no graph holds that."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = torch.nn.ModuleList([torch.nn.Linear(2, 2) for _ in range(2)])

    def forward(self, inputs: Any, unused: Any = None) -> Any:
        hidden = self.layers[0](inputs)
        return self.layers[1](hidden) if hidden.sum() > 0 else hidden


def test_what_has_no_whole_graph_runs_part_by_part(exported_model: Any) -> None:
    model = DecidesByValues().eval()
    inputs = torch.randn(3, 2)
    with torch.no_grad():
        expected = [model(inputs * sign) for sign in (1, -1)]
        exported = exported_model(model)
        actual = [model(inputs * sign) for sign in (1, -1)]
    for one, other in zip(actual, expected):
        torch.testing.assert_close(one, other)
    assert set(exported.modules) == {"", "layers.0", "layers.1"}
    assert exported.modules[""].in_parts == {False}
    assert exported.modules["layers.0"].graphs and not exported.modules["layers.0"].in_parts


def test_a_second_start_knows_which_parts_run(exported_model: Any) -> None:
    model = DecidesByValues().eval()
    first = exported_model(model)
    with torch.no_grad():
        model(torch.ones(3, 2))
    second = type(first)(DecidesByValues().eval(), first.maker, first.folder)
    assert second.restore()
    assert set(second.modules) == set(first.modules)
    assert second.modules[""].in_parts == {False}


def test_a_part_that_no_exporter_takes_is_an_error(exported_model: Any) -> None:
    class Alone(torch.nn.Linear):
        def forward(self, input: Any) -> Any:
            return super().forward(input) if input.sum() > 0 else input

    model = Alone(2, 2)
    exported_model(model)
    with pytest.raises(graphs.ExportError, match=r"the model \(Alone\)"):
        model(torch.ones(3, 2))


def test_a_graph_that_computes_something_else_is_refused(exported_model: Any) -> None:
    class Drops(torch.nn.Module):
        """Its export leaves a step out, as exporters do for code that they replace."""

        def __init__(self) -> None:
            super().__init__()
            self.layer = torch.nn.Linear(2, 2)

        def forward(self, inputs: Any) -> Any:
            hidden = self.layer(inputs)
            return hidden if torch.compiler.is_exporting() else hidden * 2

    trusted, checked = Drops().eval(), Drops().eval()
    with torch.no_grad():
        unchecked = exported_model(trusted)
        trusted(torch.ones(3, 2))
        assert not unchecked.modules[""].in_parts
        exported = exported_model(checked, tolerance=1e-3)
        checked(torch.ones(3, 2))
    assert exported.modules[""].in_parts == {False}
    assert exported.modules["layer"].graphs


def test_images_are_fixed_until_a_second_size_of_them_comes(exported_model: Any) -> None:
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Conv2d(3, 2, 3), torch.nn.AdaptiveAvgPool2d(1)).eval()
    exported = exported_model(model)

    def openness(*shape: int) -> list[str]:
        images = torch.randn(shape)
        result = model(images)
        with exported.in_torch():
            torch.testing.assert_close(result, model(images))
        return [known.call.openness.name for known in exported.modules[""].graphs]

    with torch.no_grad():
        assert openness(2, 3, 8, 8) == ["IMAGES_FIXED"]
        assert openness(5, 3, 8, 8) == ["IMAGES_FIXED"]
        assert openness(2, 3, 9, 12) == ["IMAGES_FIXED", "DYNAMIC"]
        assert openness(3, 3, 15, 10) == ["IMAGES_FIXED", "DYNAMIC"]


class Switched(torch.nn.Module):
    """Refuses what is too long, as position embeddings do."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(2, 2)

    def forward(self, inputs: Any, reverse: bool = False) -> Any:
        if inputs.shape[0] > 4:
            raise IndexError("too long")
        hidden = self.layer(inputs)
        return hidden if not reverse or hidden.sum() > 0 else -hidden


def test_what_torch_refuses_is_its_error_and_changes_nothing(exported_model: Any) -> None:
    model = Switched().eval()
    exported = exported_model(model)
    with torch.no_grad():
        for _ in range(2):  # before and after there is a graph
            with pytest.raises(IndexError, match="too long"):
                model(torch.ones(5, 2))
            expected = model.layer(torch.ones(3, 2))
            torch.testing.assert_close(model(torch.ones(3, 2)), expected)
    assert not exported.modules[""].in_parts
    assert [known.call.openness.name for known in exported.modules[""].graphs] == ["DYNAMIC"]
    assert not (exported.folder / exported_models.MODULES_FILE).exists()


def test_an_unusual_call_leaves_the_others_their_graph(exported_model: Any) -> None:
    model = Switched().eval()
    exported = exported_model(model)
    with torch.no_grad():
        model(torch.ones(3, 2))
        runs = exported.graph_runs()
        for _ in range(2):
            model(torch.ones(3, 2), reverse=True)  # decides by values: no graph holds that
        assert not exported.modules[""].in_parts
        assert exported.modules["layer"].graph_runs == 2
        model(torch.ones(3, 2))
    assert exported.modules[""].graph_runs == runs + 1
    assert exported.share_in_graphs() == 1.0
    assert not (exported.folder / exported_models.MODULES_FILE).exists()


def test_a_graph_that_fails_once_is_kept(
    exported_model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Switched().eval()
    exported = exported_model(model)
    with torch.no_grad():
        model(torch.ones(3, 2))
        (known,) = exported.modules[""].graphs
        with monkeypatch.context() as patch:
            patch.setattr(known, "graph", Busy())
            model(torch.ones(3, 2))
        model(torch.ones(3, 2))
    assert not exported.modules[""].in_parts
    assert known.loaded().accepts({"inputs": (3, 2)})


def test_a_model_whose_state_is_watched_is_exported_whole(exported_model: Any) -> None:
    model = Switched().eval()
    exported = exported_model(model)
    for _ in range(2):
        with model_state.as_it_was(model), torch.no_grad():
            model(torch.ones(3, 2))
    assert not exported.modules[""].in_parts and exported.graph_runs() == 2


class Busy(graphs.Graph):
    """Says what a runtime says whose only request another thread uses."""

    def accepts(self, shapes: Any) -> bool:
        return True

    def __call__(self, inputs: Any) -> Any:
        raise RuntimeError("Infer Request is busy")


def test_a_full_disk_is_no_reason_to_give_a_graph_up(
    exported_model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Switched().eval()
    exported = exported_model(model)

    def full(*_: Any, **__: Any) -> Any:
        raise OSError(28, "No space left on device")

    with torch.no_grad(), monkeypatch.context() as patch:
        patch.setattr(type(exported.maker), "make", full)
        with pytest.raises(OSError, match="No space left"):
            model(torch.ones(3, 2))
    assert not exported.modules[""].in_parts
    assert not list(exported.folder.iterdir())
    with torch.no_grad():
        model(torch.ones(3, 2))
    assert exported.graph_runs() == 1


class PadsByItsStride(torch.nn.Module):
    """A convolution as audio codecs have them: its stride is a tensor that decides."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("stride", torch.tensor(3), persistent=False)

    def forward(self, inputs: Any) -> Any:
        extra = -inputs.shape[-1] % self.stride
        return torch.nn.functional.pad(inputs, (0, extra)) if extra > 0 else inputs


def test_a_number_in_a_buffer_is_a_constant_of_the_graph() -> None:
    module, inputs = PadsByItsStride(), torch.ones(2, 4)
    with pytest.raises(Exception, match="data-dependent"):
        torch.export.export(module, (inputs,))
    with known_numbers.known_numbers(module):
        program = torch.export.export(module, (inputs,))
    torch.testing.assert_close(program.module()(inputs), module(inputs))
    assert isinstance(module.stride, torch.Tensor)


def glm_attention() -> Any:
    """Attention over packed images whose norms are not all ones."""
    from transformers.models.glm_ocr import modeling_glm_ocr
    from transformers.models.glm_ocr.configuration_glm_ocr import GlmOcrVisionConfig

    torch.manual_seed(0)
    config = GlmOcrVisionConfig(hidden_size=32, num_heads=2, attn_implementation="sdpa")
    attention = modeling_glm_ocr.GlmOcrVisionAttention(config).eval()
    for norm in (attention.q_norm, attention.k_norm):
        torch.nn.init.uniform_(norm.weight, 0.5, 3.0)
    return attention


def test_exported_attention_keeps_its_norms() -> None:
    from transformers.exporters import DynamoConfig, DynamoExporter

    attention = glm_attention()
    angles = torch.rand(8, 16)
    inputs = {
        "hidden_states": torch.randn(8, 32),
        "cu_seqlens": torch.tensor([0, 8], dtype=torch.int32),
        "position_embeddings": (angles.cos(), angles.sin()),
    }
    with torch.no_grad():
        expected = attention(**inputs)
    with normed_attention.normed_attention(attention):
        program, _ = DynamoExporter().export_program(attention, dict(inputs), DynamoConfig())
    assert torch.allclose(program.module()(**inputs), expected, atol=1e-5)
    assert "forward" not in vars(attention.qkv)


def test_norms_are_found_in_a_fresh_process() -> None:
    code = (
        "import torch\n"
        "from hf_skillset_runtime.export.normed_attention import normed_attention\n"
        "with normed_attention(torch.nn.Linear(1, 1)): pass\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "runtime")}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)


def test_arguments_for_inner_modules_stay_and_objects_of_generate_do_not() -> None:
    def forward(pixels: Any, mask: Any = None, **kwargs: Any) -> None:
        """An attention inside may require what comes in `kwargs`."""

    named = {"pixels": None, "mask": None, "attention_mask": None, "logits_processor": [object()]}
    kept = present({**named, "sizes": [(2, 3)]}, inspect.signature(forward).parameters)
    assert kept == {"pixels": None, "attention_mask": None, "sizes": [(2, 3)]}
