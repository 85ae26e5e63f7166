# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
"""Handlers: one task on one platform, from a person's input to a result."""

from __future__ import annotations

import asyncio
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any, NamedTuple

from ..calls.concurrency import lent
from ..loading import share_padding
from ..platforms.base import Platform
from ..tasks.encoded import Encoded, pads
from ..tasks.spec import TaskSpec
from .batches import (
    FewerInputsError,
    MostlyPaddingError,
    can_be_split,
    check_padding,
    check_rows,
    is_by_row,
    joined,
    longest_first,
    row_count,
    rows_of,
)
from .inputs import RUN_ERRORS, check_results, encode_batch, input_at_fault
from .requests import serve
from .streaming import TokenStreamer, streamed, text_in


@dataclass
class EndpointHandler:
    """Runs one task on one platform: call it with an input, or with a list of inputs.

    Any number of threads may call it; what they must not do at once waits inside.
    """

    platform: Platform
    spec: TaskSpec
    model_type: str
    endpoint: Any
    processor: Any
    device: str
    hardware_label: str
    batch_size: int = 1

    def __call__(self, inputs: Any, *more: Any, **parameters: Any) -> dict[str, Any]:
        """Run the task.

        Args:
            inputs: one input of the task, or a list of them.
            more: for tasks whose `arguments` are several, those behind the first, such as
                `(text, image)`: one call then has one input.
            parameters: the task's handler parameters (see `registry.json`).

        Returns:
            `result` in the form of the matching transformers pipeline (a list of such
            results for a list of inputs), with `implementation_type`, `device`,
            `hardware_label`, `model_type`, `task` and `elapsed_s` (seconds).

        Raises:
            TypeError, ValueError: the input or a parameter is not what the task takes.
        """
        started = time.perf_counter()
        if more:
            inputs, parameters = self.spec.named((inputs, *more), parameters)
        encode_parameters, decode_parameters = self.spec.parameters(parameters)
        batched = self.is_batch(inputs)
        items = list(inputs) if batched else [inputs]
        if not items:
            raise ValueError(f"{self.spec.name} got an empty list; give it at least one input")
        results = self._answer_all(items, encode_parameters, decode_parameters)
        return {
            "result": results if batched else results[0],
            "implementation_type": self.platform.implementation_type(self.device),
            "device": self.device,
            "hardware_label": self.hardware_label,
            "model_type": self.model_type,
            "task": self.spec.name,
            "elapsed_s": time.perf_counter() - started,
        }

    def is_batch(self, inputs: Any) -> bool:
        """Whether these are several inputs of the task, not one that is a list."""
        return bool(getattr(self.spec.module, "is_batch", is_batch)(inputs))

    async def acall(self, inputs: Any, *more: Any, **parameters: Any) -> dict[str, Any]:
        """Run the task as a call does, in a worker thread: the event loop goes on."""
        return await asyncio.to_thread(self, inputs, *more, **parameters)

    async def serve(self, requests: asyncio.Queue[Any]) -> None:
        """Answer the `Request`s that are put into the endpoint's queue, until cancelled.

        The queue holds 32 of them, then `await queue.put(request)` waits. Several consumers of
        one queue overlap what surrounds the model's run.
        """
        await serve(self.acall, requests)

    def stream(self, inputs: Any, **parameters: Any) -> Iterator[str]:
        """The text of one input's result, piece by piece while it is generated.

        Joined, the pieces are the text that a call with the same parameters gives (of a chat,
        its new message). Where no text is final before the end (beams, several answers, a
        platform with a loop of its own), it comes as one piece.

        Raises:
            TypeError: several inputs, or a task that generates no text.
            ValueError: the input or a parameter is not what the task takes.
        """
        encode_parameters, decode_parameters = self.spec.parameters(parameters)
        if self.is_batch(inputs):
            raise TypeError("a stream is of one input, not of a list of them")
        if self.spec.run == "forward":
            raise TypeError(f"{self.spec.name} does not generate with this model: call the handler")
        encoded = self._encode([inputs], None, encode_parameters)

        def text_of(outputs: Any) -> str:
            return text_in(self._decode(outputs, encoded, decode_parameters)[0])

        def generate(streamer: TokenStreamer) -> str:
            return text_of(self._run(self._with_streamer(encoded, streamer)))

        def so_far(tokens: Any) -> str:
            outputs = {"sequences": tokens}
            return text_of([outputs] if isinstance(encoded, list) else outputs)

        config = self.platform.config(self.endpoint)
        return streamed(generate, so_far, prompt=not getattr(config, "is_encoder_decoder", False))

    def _with_streamer(self, encoded: Any, streamer: TokenStreamer) -> Any:
        """The call with a streamer, where it is one call whose tokens are final as they come."""
        parts = encoded if isinstance(encoded, list) else [encoded]
        if len(parts) > 1 or not self.platform.streams(self.endpoint, self.spec, parts[0]):
            return encoded
        options = {**parts[0].generate_kwargs, "streamer": streamer}
        call = replace(parts[0], generate_kwargs=options)
        return [call] if isinstance(encoded, list) else call

    def _answer_all(
        self, items: list[Any], encode_parameters: Any, decode_parameters: Any
    ) -> list[Any]:
        """One result for each of `items`, in batches that the device has memory for."""
        results: dict[int, Any] = {}
        most = self.batch_size if self.pads() else 1
        in_order = longest_first(items, self.spec.inputs) if most > 1 else range(len(items))
        waiting = list(in_order)
        while waiting:
            batch = waiting[: min(most, self.batch_size)]
            try:
                answers = self._answer_evenly(
                    [items[i] for i in batch],
                    batch if len(items) > 1 else None,
                    encode_parameters,
                    decode_parameters,
                )
                results.update(zip(batch, answers))
                waiting = waiting[len(answers) :]
                continue
            except FewerInputsError as error:
                most = error.count
                continue
            except Exception as error:
                if len(batch) == 1 or not self.platform.is_out_of_memory(error):
                    raise
            self._halve_batch(len(batch))  # the error and what it holds are gone by now
        return [results[i] for i in range(len(items))]

    def _answer_evenly(
        self,
        items: list[Any],
        places: Sequence[int] | None,
        encode_parameters: Any,
        decode_parameters: Any,
    ) -> list[Any]:
        """One result for each of the first of `items`: of those that hold little padding."""
        try:
            return self._answer(items, places, encode_parameters, decode_parameters)
        except MostlyPaddingError as error:
            return self._answer(items[: error.count], places, encode_parameters, decode_parameters)

    def _answer(
        self,
        items: list[Any],
        places: Sequence[int] | None,
        encode_parameters: Any,
        decode_parameters: Any,
    ) -> list[Any]:
        """One result for each of `items`, run as one batch; `places` are theirs in the call.

        Raises:
            FewerInputsError, MostlyPaddingError: fewer of them should run at once.
        """
        encoded = self._encode(items, places, encode_parameters)
        check_rows(encoded, len(items), self.batch_size)
        if self.spec.run == "forward":
            check_padding(encoded, len(items))
        try:
            outputs = self._run(encoded)
        except RUN_ERRORS as error:
            reason = input_at_fault(self.spec, encoded, places, self.processor, self._config())
            if not reason or self.platform.is_out_of_memory(error):
                raise
            raise ValueError(reason) from error
        results: list[Any] = self._decode(outputs, encoded, decode_parameters)
        check_results(self.spec, results, len(items))
        return results

    def encode(self, items: list[Any], **parameters: Any) -> Any:
        """What the task makes of a batch of inputs: an `Encoded`, or one for each call."""
        return self._encode(items, None, self.spec.parameters(parameters)[0])

    def _encode(self, items: list[Any], places: Sequence[int] | None, parameters: Any) -> Any:
        with lent(self.processor) as processor:
            config = self._config()
            if self.spec.run == "forward":
                share_padding(config, processor)
            encoded = encode_batch(self.spec, items, places, processor, config, parameters)
            return repeatable(encoded) if self.spec.draws else encoded

    def _decode(self, outputs: Any, encoded: Any, parameters: Any) -> Any:
        with lent(self.processor) as processor:
            return self.spec.module.decode(
                outputs, encoded, processor, self._config(), **parameters
            )

    def _config(self) -> Any:
        """The configuration of the model."""
        return self.platform.config(self.endpoint)

    def _halve_batch(self, too_large: int) -> None:
        """Give memory back and say that batches are smaller from now on."""
        self.platform.release_memory()
        self.batch_size = min(self.batch_size, too_large // 2)
        warnings.warn(
            f"{self.device} has no memory for a batch of {too_large};"
            f" {self.spec.name} goes on with {self.batch_size}",
            ResourceWarning,
            stacklevel=4,
        )

    def _run(self, encoded: Encoded | list[Encoded]) -> Any:
        """The outputs for what `encode` gave: one set for each `Encoded` where it gave a list."""
        if isinstance(encoded, list):
            return [self._run_rows(part) for part in encoded]
        return self._run_rows(encoded)

    def _run_rows(self, encoded: Encoded) -> Any:
        """The outputs of one call, its rows in portions that the device has memory for."""
        rows = row_count(encoded)
        if rows is None or not can_be_split(encoded):
            return self.platform.run(self.endpoint, self.spec, encoded)
        parts: list[Any] = []
        done = 0
        while done < rows:
            size = min(self.batch_size, rows - done)
            try:
                outputs = self._run_portion(encoded, done, done + size)
                if size < rows and not is_by_row(outputs, size):
                    return self.platform.run(self.endpoint, self.spec, encoded)
                parts.append(outputs)
                done += size
                continue
            except Exception as error:
                if size == 1 or not self.platform.is_out_of_memory(error):
                    raise
            self._halve_batch(size)
        return parts[0] if len(parts) == 1 else joined(parts, self._padding(encoded))

    def _run_portion(self, encoded: Encoded, start: int, end: int) -> Any:
        return self.platform.run(self.endpoint, self.spec, rows_of(encoded, start, end))

    def _padding(self, encoded: Encoded) -> int:
        """What `generate` makes answers of one length with; 0 for anything but tokens."""
        if self.spec.run == "forward":
            return 0
        given = encoded.generate_kwargs.get("pad_token_id")
        config = self.platform.config(self.endpoint)
        return int(given if given is not None else getattr(config, "pad_token_id", None) or 0)

    def pads(self) -> bool:
        """Whether inputs of different length can share a batch without changing the result."""
        return self.spec.pads and pads(self.processor)


class Endpoint(NamedTuple):
    """What every `init_<platform>` returns.

    `queue` is empty and nobody listens to it: `asyncio.create_task(handler.serve(queue))` does.
    """

    endpoint: Any
    processor: Any
    handler: EndpointHandler
    queue: asyncio.Queue[Any]
    batch_size: int


def repeatable(encoded: Encoded | list[Encoded]) -> Any:
    """Calls of a model that draws unasked: where no seed is given, from the same numbers."""
    if isinstance(encoded, list):
        return [repeatable(part) for part in encoded]
    return encoded if encoded.seed is not None else replace(encoded, seed=0)


def is_batch(inputs: Any) -> bool:
    """A list is a batch, unless it is itself one input: a chat or a series of numbers.

    A task whose single input is another kind of list has an `is_batch` of its own.
    """
    if not isinstance(inputs, list):
        return False
    is_chat = bool(inputs) and all(isinstance(item, dict) and "role" in item for item in inputs)
    numbers = [item for item in inputs if item is not None]
    is_series = bool(numbers) and all(isinstance(item, Real) for item in numbers)
    return not is_chat and not is_series
