"""What an exported module is called with, and what it computes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers.exporters")


def test_arguments_for_a_loss_are_left_out(shared: Any) -> None:
    module = SimpleNamespace(forward=lambda input_ids=None, labels=None: None)
    forward = shared("exported_forward").ExportedForward(SimpleNamespace(), "", module)
    assert forward.named((), {"input_ids": 1, "labels": 2}) == {"input_ids": 1}


def glm_attention() -> Any:
    """Attention over packed pictures whose norms are not all ones."""
    from transformers.models.glm_ocr import modeling_glm_ocr
    from transformers.models.glm_ocr.configuration_glm_ocr import GlmOcrVisionConfig

    torch.manual_seed(0)
    config = GlmOcrVisionConfig(hidden_size=32, num_heads=2, attn_implementation="sdpa")
    attention = modeling_glm_ocr.GlmOcrVisionAttention(config).eval()
    for norm in (attention.q_norm, attention.k_norm):
        torch.nn.init.uniform_(norm.weight, 0.5, 3.0)
    return attention


def test_exported_attention_keeps_its_norms(shared: Any) -> None:
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
    with shared("normed_attention").normed_attention(attention):
        program, _ = DynamoExporter().export_program(attention, dict(inputs), DynamoConfig())
    assert torch.allclose(program.module()(**inputs), expected, atol=1e-5)
    assert "forward" not in vars(attention.qkv)


def test_norms_are_found_in_a_fresh_process(shared: Any) -> None:
    folder = Path(shared("normed_attention").__file__).parent.parent
    code = (
        f"import sys; sys.path.insert(0, {str(folder)!r})\n"
        "import torch\n"
        "from shared_platforms.normed_attention import normed_attention\n"
        "with normed_attention(torch.nn.Linear(1, 1)): pass\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
