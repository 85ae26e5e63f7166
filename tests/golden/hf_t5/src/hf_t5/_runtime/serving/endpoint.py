# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""Handlers: one task on one platform, from a user's input to a result."""

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
    column_portions,
    is_by_row,
    joined,
    joined_columns,
    longest_first,
    row_count,
    rows_of,
)
from .inputs import blame, check_results, encode_batch, input_at_fault, is_clear
from .requests import serve
from .streaming import TokenStreamer, streamed, text_in


@dataclass
class EndpointHandler:
    """Runs one task on one platform: call it with an input, or with a list of inputs.

    Thread-safe: steps that must not run concurrently are serialised by locks.
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
            more: for tasks with several `arguments`, those after the first, such as
                `(text, image)`: one call then has one input.
            parameters: the task's handler parameters (see `registry.json`).

        Returns:
            `result` in the form of the matching transformers pipeline (a list of such
            results for a list of inputs), with `implementation_type`, `device`,
            `hardware_label`, `model_type`, `task` and `elapsed_s` (seconds).

        Raises:
            TypeError, ValueError: the task does not accept the input or a parameter.
        """
        started = time.perf_counter()
        if more:
            inputs, parameters = self.spec.named((inputs, *more), parameters)
        encode_parameters, decode_parameters = self.spec.parameters(parameters)
        batched = self.is_batch(inputs)
        items = list(inputs) if batched else [inputs]
        if not items:
            raise ValueError(f"{self.spec.name} got an empty list; pass at least one input")
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
        """Whether `inputs` is a batch, not a single input that is a list."""
        return bool(getattr(self.spec.module, "is_batch", is_batch)(inputs))

    async def acall(self, inputs: Any, *more: Any, **parameters: Any) -> dict[str, Any]:
        """Run a call in a worker thread, without blocking the event loop."""

        def call() -> dict[str, Any]:
            try:
                return self(inputs, *more, **parameters)
            except StopIteration as error:  # futures reject it, and the call would never end
                raise RuntimeError("the call raised StopIteration") from error

        return await asyncio.to_thread(call)

    async def serve(self, requests: asyncio.Queue[Any]) -> None:
        """Answer the `Request`s in the endpoint's queue until cancelled.

        The queue's size is 32; `await queue.put(request)` waits while it is full. Consumers of
        one queue overlap pre- and postprocessing.
        """
        await serve(self.acall, requests)

    def stream(self, inputs: Any, **parameters: Any) -> Iterator[str]:
        """Yield the text of one input's result, piece by piece while it is generated.

        Joined, the pieces are the text that a call with the same parameters returns (of a chat,
        its new message). Where no text is final before the end (beams, several answers, a
        platform with a loop of its own), it comes as one piece.

        Raises:
            TypeError: several inputs, or a task that generates no text.
            ValueError: the task does not accept the input or a parameter.
        """
        encode_parameters, decode_parameters = self.spec.parameters(parameters)
        if self.is_batch(inputs):
            raise TypeError("a stream takes one input, not a list of inputs")
        if self.spec.run == "forward":
            raise TypeError(
                f"{self.spec.name} does not generate text with this model: call the handler instead"
            )
        encoded = self._encode([inputs], None, encode_parameters)

        def text_of(outputs: Any) -> str:
            return text_in(self._decode(outputs, encoded, decode_parameters)[0])

        def generate(streamer: TokenStreamer) -> str:
            try:
                return text_of(self._run(self._with_streamer(encoded, streamer)))
            except Exception as error:
                if not streamer.closed and not self.platform.is_out_of_memory(error):
                    given = (encode_parameters, decode_parameters)
                    self._blame(error, encoded, [inputs], None, *given)
                raise

        def so_far(tokens: Any) -> str:
            outputs = {"sequences": tokens}
            return text_of([outputs] if isinstance(encoded, list) else outputs)

        config = self.platform.config(self.endpoint)
        return streamed(generate, so_far, prompt=not getattr(config, "is_encoder_decoder", False))

    def _with_streamer(self, encoded: Any, streamer: TokenStreamer) -> Any:
        """`encoded` with a streamer, if it is one call whose tokens are final as they arrive."""
        parts = encoded if isinstance(encoded, list) else [encoded]
        if len(parts) > 1 or not self.platform.streams(self.endpoint, self.spec, parts[0]):
            return encoded
        options = {**parts[0].generate_kwargs, "streamer": streamer}
        call = replace(parts[0], generate_kwargs=options)
        return [call] if isinstance(encoded, list) else call

    def _answer_all(
        self, items: list[Any], encode_parameters: Any, decode_parameters: Any
    ) -> list[Any]:
        """One result for each of `items`, in batches that fit the device's memory."""
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
            # The error and the tensors that it references are released by now.
            self._halve_batch(len(batch))
        return [results[i] for i in range(len(items))]

    def _answer_evenly(
        self,
        items: list[Any],
        places: Sequence[int] | None,
        encode_parameters: Any,
        decode_parameters: Any,
    ) -> list[Any]:
        """One result for each of the first `items` that can share a batch with little padding."""
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
        """One result for each of `items`, run as one batch; `places` are their indices in the call.

        Raises:
            FewerInputsError, MostlyPaddingError: fewer of them can share a batch.
        """
        encoded = self._encode(items, places, encode_parameters)
        check_rows(encoded, len(items), self.batch_size)
        if self.spec.run == "forward":
            check_padding(encoded, len(items))
        try:
            outputs = self._run(encoded)
            results: list[Any] = self._decode(outputs, encoded, decode_parameters)
        except Exception as error:
            if self.platform.is_out_of_memory(error):
                raise
            self._blame(error, encoded, items, places, encode_parameters, decode_parameters)
            raise
        check_results(self.spec, results, len(items))
        return results

    def _blame(
        self,
        error: Exception,
        encoded: Any,
        items: list[Any],
        places: Sequence[int] | None,
        encode_parameters: Any,
        decode_parameters: Any,
    ) -> None:
        """Raise for the input that a run failed with, where it is one."""
        reason = input_at_fault(self.spec, encoded, places, self.processor, self._config())
        if reason and not is_clear(error, self.spec):
            raise ValueError(reason) from error

        def answer(item: Any) -> None:
            alone = self._encode([item], None, encode_parameters)
            self._decode(self._run(alone), alone, decode_parameters)

        blame(self.spec, error, items, places, self.processor, answer)

    def encode(self, items: list[Any], **parameters: Any) -> Any:
        """Encode a batch of inputs: an `Encoded`, or a list of one for each call of the model."""
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
        """Halve the batch size, release memory and warn."""
        self.platform.release_memory()
        self.batch_size = min(self.batch_size, too_large // 2)
        warnings.warn(
            f"{self.device} is out of memory for a batch of {too_large};"
            f" {self.spec.name} continues with {self.batch_size}",
            ResourceWarning,
            stacklevel=4,
        )

    def _run(self, encoded: Encoded | list[Encoded]) -> Any:
        """The outputs of the encoded calls: a list if `encode` returned a list."""
        if isinstance(encoded, list):
            return [self._run_rows(part) for part in encoded]
        return self._run_rows(encoded)

    def _run_rows(self, encoded: Encoded) -> Any:
        """The outputs of one call, its rows split into portions that fit the device's memory."""
        if encoded.columns is not None and self.platform.splits_columns:
            portions = column_portions(encoded, self.batch_size)
            if len(portions) > 1:
                portion_outputs = [self._run_rows(portion) for portion in portions]
                return joined_columns(portion_outputs, encoded.columns)
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
        """The value that `generate` pads sequences with; 0 for anything but tokens."""
        if self.spec.run == "forward":
            return 0
        given = encoded.generate_kwargs.get("pad_token_id")
        config = self.platform.config(self.endpoint)
        return int(given if given is not None else getattr(config, "pad_token_id", None) or 0)

    def pads(self) -> bool:
        """Whether inputs of different length can share a batch without changing results."""
        return self.spec.pads and pads(self.processor)


class Endpoint(NamedTuple):
    """The return value of every `init_<platform>`.

    `queue` is empty and has no consumer: start one with
    `asyncio.create_task(handler.serve(queue))`.
    """

    endpoint: Any
    processor: Any
    handler: EndpointHandler
    queue: asyncio.Queue[Any]
    batch_size: int


def repeatable(encoded: Encoded | list[Encoded]) -> Any:
    """Seed the calls of a model that always samples, if no seed was given."""
    if isinstance(encoded, list):
        return [repeatable(part) for part in encoded]
    return encoded if encoded.seed is not None else replace(encoded, seed=0)


def is_batch(inputs: Any) -> bool:
    """Whether a list is a batch and not a single input (a chat or a series of numbers).

    A task whose single input is another type of list defines its own `is_batch`.
    """
    if not isinstance(inputs, list):
        return False
    is_chat = bool(inputs) and all(isinstance(item, dict) and "role" in item for item in inputs)
    numbers = [item for item in inputs if item is not None]
    is_series = bool(numbers) and all(isinstance(item, Real) for item in numbers)
    return not is_chat and not is_series
