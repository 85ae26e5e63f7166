# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""Scales the weights of a random model so that its outputs depend on its inputs.

transformers initialises weights with a spread of 0.02, which suits widths of a thousand. In a
model of width 64 every layer then reduces the variance, attention is uniform, and outputs hardly
depend on the inputs. Here each layer preserves the variance of its input (fan-in scaling).
"""

from __future__ import annotations

import re
from typing import Any

import torch

from ..tasks.limits import text_part

SPREAD_OF_EMBEDDINGS = 0.7
"""Standard deviation of embeddings, similar to that of the sinusoidal positions added to them."""
SPREAD_OF_BIASES = 0.1
UNSET_SPREAD = 0.02
CHOSEN = 0.1
"""A table with a larger standard deviation was initialised deliberately and stays unchanged."""
SMALL = 0.2
"""Constant gates and layer scales below it pass almost no signal."""
OPEN_GATE = 0.7
SHARP_ATTENTION = 1.5
"""Factor for queries and keys that makes attention non-uniform."""
CROSS_ATTENTION_FACTOR = 3.0
"""Factor for the output of cross-attention, which has to outweigh the decoder's own input."""
CROSS_ATTENTION = re.compile(r"(encoder_attn|cross_?attn|cross_?attention|EncDecAttention)\b", re.I)
OUTPUT = re.compile(r"^(out|o|dense|c_proj|out_proj|o_proj|proj|wo)$")
QUERY_OR_KEY = re.compile(r"(^|_)(q|k|query|key|queries|keys)(_|\d*$)")
SPECIAL_TOKENS = ("eos_token_id", "pad_token_id", "bos_token_id", "decoder_start_token_id")
SILENCE = 0.2
"""Factor for a special token's weights in the head, whose logit is then near the mean."""
LIKE_EMBEDDINGS = re.compile(r"embed|token|position|latent|quer|prompt|prototype")


def strengthen(model: Any, seed: int) -> None:
    """Scale every weight by the rule for its type of module; deterministic for a seed."""
    generator = torch.Generator().manual_seed(seed)
    done: set[int] = set()
    scales = embedding_scales(model)
    with torch.no_grad():
        for path, module in model.named_modules():
            fill_unset(module, generator)
            open_norm(module)
            rescale_module(path, module, done, scales.get(id(module), 1.0))
            for name, tensor in module.named_parameters(recurse=False):
                if id(tensor) not in done and tensor.is_floating_point() and tensor.numel():
                    done.add(id(tensor))
                    rescale_parameter(name, tensor, generator)
        silence_special_tokens(model)


def fill_unset(module: Any, generator: Any) -> None:
    """Small random values for NaN parameters, unit normal ones for all-zero tables.

    Uninitialised memory is NaN (see `build_checkpoint`).
    """
    for tensor in (*module.parameters(recurse=False), *module.buffers(recurse=False)):
        if tensor.is_floating_point() and tensor.isnan().any():
            tensor.copy_(torch.randn(tensor.shape, generator=generator) * UNSET_SPREAD)
    for name, buffer in module.named_buffers(recurse=False):
        if name not in module._non_persistent_buffers_set and is_unset_table(buffer):
            buffer.copy_(torch.randn(buffer.shape, generator=generator))


def open_norm(module: Any) -> None:
    """Add 1 to the weights of a batch norm that are drawn around 0."""
    weight = getattr(module, "weight", None)
    if getattr(module, "running_mean", None) is None or weight is None or weight.numel() < 2:
        return
    if float(weight.std()) > 0 and float(weight.abs().max()) < SMALL:
        weight.add_(1.0)


def is_unset_table(buffer: Any) -> bool:
    """Whether a buffer is a table, such as a codebook, that only training fills."""
    return buffer.ndim > 1 and buffer.is_floating_point() and not buffer.any()


def silence_special_tokens(model: Any) -> None:
    """Make end and padding tokens unlikely, so that generated texts have some length."""
    head = model.get_output_embeddings()
    if head is None or getattr(head, "weight", None) is None or head.weight.ndim != 2:
        return
    ids = {
        token
        for settings in (
            model.config,
            text_part(model.config),
            getattr(model, "generation_config", None),
        )
        for name in SPECIAL_TOKENS
        for token in as_list(getattr(settings, name, None))
    }
    tokens = [token for token in sorted(ids) if 0 <= token < len(head.weight)]
    head.weight[tokens] *= SILENCE


def as_list(value: Any) -> list[int]:
    """One token or several as a list."""
    return [] if value is None else [value] if isinstance(value, int) else list(value)


def rescale_module(path: str, module: Any, done: set[int], scale: float) -> None:
    """Fan-in scaling of a linear layer, a convolution or an embedding."""
    if (not is_layer(module) and not is_embedding(module)) or not module.weight.numel():
        return
    weight = module.weight
    if id(weight) in done:
        return
    done.add(id(weight))
    target = SPREAD_OF_EMBEDDINGS / scale if is_embedding(module) else fan_in(module) ** -0.5
    target *= sharpness(path)
    spread = float(weight.std()) if weight.numel() > 1 else 0.0
    if spread > 0:
        scale_weight(module, target / spread)


def embedding_scales(model: Any) -> dict[int, float]:
    """The factors that embeddings, or the modules around them, multiply vectors with."""
    return {
        id(embedding): float(module.embed_scale)
        for module in model.modules()
        if hasattr(module, "embed_scale") and module.embed_scale is not None
        for embedding in (module, *module.children())
        if is_embedding(embedding)
    }


def rescale_parameter(name: str, tensor: Any, generator: Any) -> None:
    """Scale parameters that `rescale_module` does not handle: gates, tables, experts, biases."""
    noise = torch.randn(tensor.shape, generator=generator, dtype=torch.float32).to(tensor.dtype)
    if tensor.ndim <= 1 or tensor.numel() == max(tensor.shape):
        rescale_vector(tensor, noise)
        return
    spread = float(tensor.std())
    if spread > CHOSEN:
        return
    target = (tensor.shape[-1] * tensor.shape[-2]) ** -0.25
    if tensor.shape[0] == 1 or LIKE_EMBEDDINGS.search(name):
        target = SPREAD_OF_EMBEDDINGS
    tensor.copy_(tensor * (target / spread) if spread > 1e-12 else noise * target)


def rescale_vector(tensor: Any, noise: Any) -> None:
    """Open a constant gate or layer scale, and add noise to a constant bias or norm weight."""
    if tensor.numel() > 1 and float(tensor.std()) > 0:
        return
    value = float(tensor.flatten()[0])
    if abs(value) < SMALL and (value != 0 or tensor.numel() == 1):
        tensor.fill_(OPEN_GATE)
    if tensor.numel() > 1 and (abs(value) < SMALL or value == 1):
        tensor.add_(noise * SPREAD_OF_BIASES)


def sharpness(path: str) -> float:
    """The extra factor for the weights of the module with this path (attention)."""
    parents, _, name = path.rpartition(".")
    if OUTPUT.search(name) and CROSS_ATTENTION.search(parents):
        return CROSS_ATTENTION_FACTOR
    return SHARP_ATTENTION if QUERY_OR_KEY.search(name) else 1.0


def is_layer(module: Any) -> bool:
    """Whether a module multiplies its input with a matrix."""
    return isinstance(module, (torch.nn.Linear, torch.nn.modules.conv._ConvNd)) or is_conv1d(module)


def is_conv1d(module: Any) -> bool:
    """Whether a module is GPT-2's `Conv1D`, whose weight is transposed."""
    return type(module).__name__ == "Conv1D" and hasattr(module, "nf")


def is_embedding(module: Any) -> bool:
    """Whether a module is an embedding table."""
    return isinstance(module, torch.nn.Embedding)


def fan_in(module: Any) -> float:
    """The number of inputs that one output is the weighted sum of."""
    if is_conv1d(module):
        return float(module.weight.shape[0])
    if getattr(module, "transposed", False):
        strides = torch.tensor(module.stride).prod()
        return max(1.0, float(module.weight[:, 0].numel() / strides / module.groups))
    return float(module.weight[0].numel())


def scale_weight(module: Any, factor: float) -> None:
    """Multiply a layer's weight, however it is parametrised."""
    if hasattr(module, "weight_g"):
        module.weight_g.mul_(factor)
    elif torch.nn.utils.parametrize.is_parametrized(module, "weight"):
        try:
            module.weight = module.weight * factor
        except (NotImplementedError, RuntimeError):
            return  # a parametrisation of unit norm, say
    else:
        module.weight.mul_(factor)
