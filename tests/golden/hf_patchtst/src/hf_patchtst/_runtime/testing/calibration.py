# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""Scales the weights of a random model with one pass over sample inputs.

A rule for single layers does not account for activations that halve the variance, the inputs of
batch norms and the standard deviation of the logits (data-dependent initialisation: Mishkin and
Matas 2015, Salimans and Kingma 2016).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import torch

from ..compare.differences import differences
from ..tasks.samples import sample_inputs
from .weights import is_embedding, is_layer, scale_weight, sharpness

if TYPE_CHECKING:
    from ..serving.endpoint import EndpointHandler
    from ..skillset import Skillset

SPREAD_OF_LOGITS = 3.0
"""Typical standard deviation of the logits of trained models."""
LARGEST_CORRECTION = 30.0
"""Largest factor for a layer's weights: larger ones would amplify rounding errors."""
FEW_ROWS = 16
"""Least number of rows per channel from which a variance is estimated."""
LOGITS = re.compile(r"logits|scores")


def calibrate_checkpoint(skillset: Skillset, task: str, folder: Path) -> bool:
    """Scale the weights in `folder` with the samples of a task.

    A model that fails on its samples keeps its weights: the error appears when it is used.

    Returns:
        Whether the weights are sensitive: False if different samples give the same result.
    """
    handler = getattr(skillset, "init_cpu")(str(folder), task=task).handler  # noqa: B009
    samples = sample_inputs(handler.spec, handler.processor)

    def run() -> None:
        try:  # as a batch if they have one shape, so that a layer's statistics cover all samples
            run_together(handler, samples)
        except Exception:
            handler(samples[0], **handler.spec.sample_params)

    try:
        calibrate(handler.endpoint, run)
        telling = tells_apart(handler, samples)
    except Exception:
        return True
    with TemporaryDirectory(dir=folder) as scratch:
        handler.endpoint.save_pretrained(scratch)
        for weights in Path(scratch).glob("*.safetensors*"):
            weights.replace(folder / weights.name)
    return telling


def tells_apart(handler: EndpointHandler, samples: list[Any]) -> bool:
    """Whether the results of the samples differ; True if there is only one sample."""
    first, *others = (handler(each, **handler.spec.sample_params)["result"] for each in samples)
    return not others or any(differences(other, first, 0.0) for other in others)


def run_together(handler: EndpointHandler, samples: list[Any]) -> None:
    """One call of the model for all samples."""
    encoded = handler.encode(samples, **handler.spec.sample_params)
    for part in encoded if isinstance(encoded, list) else [encoded]:
        handler.platform.run(handler.endpoint, handler.spec, part)


def calibrate(model: Any, run: Callable[[], Any]) -> None:
    """Scale each layer and batch norm while `run` calls the model on samples.

    Args:
        run: calls the model; only the first call of each layer counts.
    """
    tied = embedded_weights(model)
    with torch.no_grad(), removed(layer_hooks(model, tied)):
        run()
    heads = Heads(model, tied)
    with torch.no_grad(), removed(heads.hooks()):
        run()
    with torch.no_grad():
        heads.spread()


@contextmanager
def removed(handles: Iterable[Any]) -> Iterator[None]:
    """Context manager that removes hooks at its end."""
    handles = list(handles)
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def embedded_weights(model: Any) -> set[int]:
    """The weights of embeddings, which a head may share."""
    return {id(module.weight) for module in model.modules() if is_embedding(module)}


def layer_hooks(model: Any, tied: set[int]) -> Iterator[Any]:
    """Hooks on every layer and batch norm."""
    seen: set[int] = set()
    for path, module in model.named_modules():
        if hasattr(module, "running_mean") and module.running_mean is not None:
            yield module.register_forward_pre_hook(set_statistics(seen))
        elif is_layer(module) and id(module.weight) not in tied:
            yield module.register_forward_hook(correct(seen, sharpness(path)))


class Heads:
    """The layers whose output the model returns as logits, and their outputs."""

    def __init__(self, model: Any, tied: set[int]) -> None:
        self.model, self.tied = model, tied
        self.head, self.last_norm = model.get_output_embeddings(), None
        self.outputs: dict[int, tuple[Any, Any, Any]] = {}
        """Storage of an output -> layer, norm before it, output."""
        self.logits: dict[int, Any] = {}
        self.noted = False

    def hooks(self) -> Iterator[Any]:
        """Hooks that record the outputs of layers and of the model."""
        for module in self.model.modules():
            if is_layer(module):
                yield module.register_forward_hook(self.note_layer)
            elif is_norm(module):
                yield module.register_forward_hook(self.note_norm)
        yield self.model.register_forward_hook(self.note_model)

    def note_layer(self, module: Any, _args: Any, output: Any) -> None:
        if torch.is_tensor(output):
            place = output.untyped_storage().data_ptr()
            self.outputs[place] = (module, self.last_norm, output.detach())
            if module is self.head:
                self.note_head(place)

    def note_norm(self, module: Any, _args: Any, _output: Any) -> None:
        self.last_norm = module

    def note_model(self, _module: Any, _args: Any, output: Any) -> None:
        if self.noted or not hasattr(output, "items"):
            return
        self.noted = True
        for name, tensor in output.items():
            if torch.is_tensor(tensor) and LOGITS.search(name):
                place = tensor.untyped_storage().data_ptr()
                if place in self.outputs:
                    self.note_head(place)

    def note_head(self, place: int) -> None:
        module, norm, output = self.outputs[place]
        # a copy: `generate` writes to the logits later
        self.logits.setdefault(id(module), (module, norm, output.clone()))

    def spread(self) -> None:
        """Scale each head, or the norm before a tied one, to the target deviation of the logits."""
        for module, norm, output in self.logits.values():
            rows = channels_last(module, output).float()
            centre = rows.mean(0)
            bias: Any = getattr(module, "bias", None)
            centred = bias is not None and len(rows) > 1
            spread = float((rows - centre if centred else rows).std())
            if not 1e-9 < spread < float("inf"):
                continue
            factor = min(LARGEST_CORRECTION, SPREAD_OF_LOGITS / spread)
            if id(module.weight) not in self.tied:
                scale_weight(module, factor)
            elif norm is not None:
                scale_norm(norm, factor)
            if centred:
                bias.copy_(factor * (bias - centre))


def scale_norm(norm: Any, factor: float) -> None:
    """Multiply the output of a norm by a factor with alternating signs per channel.

    A head that shares the embedding's weight predicts the input token (its inner product with
    itself is the largest) unless signs separate the input space from the output space.
    """
    signs = torch.ones_like(norm.weight)
    signs[1::2] = -1
    offset = 1.0 if float(norm.weight.mean().abs()) < 0.5 else 0.0  # it adds 1 to its weight
    norm.weight.copy_((norm.weight + offset) * factor * signs - offset)
    if getattr(norm, "bias", None) is not None:
        norm.bias.mul_(factor * signs)


def channels_last(module: Any, output: Any) -> Any:
    """A layer's output as (rows, channels)."""
    if isinstance(module, torch.nn.modules.conv._ConvNd):
        output = output.movedim(-1 - len(module.kernel_size), -1)
    return output.reshape(-1, output.shape[-1])


def is_norm(module: Any) -> bool:
    """Whether a module is a norm with a learned scale, or has the same parameters."""
    weight: Any = getattr(module, "weight", None)
    return torch.is_tensor(weight) and weight.ndim == 1 and "Norm" in type(module).__name__


def set_statistics(seen: set[int]) -> Callable[[Any, Any], None]:
    """A hook that sets a batch norm's statistics to those of its first input."""

    def hook(module: Any, args: Any) -> None:
        if id(module) in seen or not args:
            return
        seen.add(id(module))
        channels = args[0].detach().float().transpose(0, 1).flatten(1)
        if channels.shape[1] >= FEW_ROWS:
            variance = channels.var(1)
            module.running_mean.copy_(channels.mean(1))
            module.running_var.copy_(variance.clamp(min=float(variance.mean()) / 10 + 1e-12))
        else:
            module.running_mean.zero_()
            module.running_var.fill_(float(channels.square().mean()) + 1e-12)

    return hook


def correct(seen: set[int], target: float) -> Callable[[Any, Any, Any], Any]:
    """A hook that scales a layer to the target standard deviation of its first output."""

    def hook(module: Any, _args: Any, output: Any) -> Any:
        if id(module.weight) in seen or not torch.is_tensor(output):
            return None
        seen.add(id(module.weight))
        bias = getattr(module, "bias", None)
        plain = output if bias is None else output - on_channels(bias, output, module)
        spread = float(plain.float().square().mean().sqrt())
        if not 1e-9 < spread < float("inf"):
            return None
        factor = min(LARGEST_CORRECTION, max(1 / LARGEST_CORRECTION, target / spread))
        scale_weight(module, factor)
        scaled = plain * factor
        return scaled if bias is None else scaled + on_channels(bias, output, module)

    return hook


def on_channels(bias: Any, output: Any, module: Any) -> Any:
    """A layer's bias reshaped to broadcast over its output."""
    if isinstance(module, torch.nn.modules.conv._ConvNd):
        return bias.reshape(-1, *[1] * (len(module.kernel_size)))
    return bias
