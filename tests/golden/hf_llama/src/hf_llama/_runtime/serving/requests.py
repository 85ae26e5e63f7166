# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""The request queue of an endpoint, with one or several consumers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Call = Callable[..., Awaitable[dict[str, Any]]]


@dataclass
class Request:
    """One call of a handler, to be put into the queue of its endpoint; `await request.answer`.

    It must be created inside the running event loop in which the answer is awaited.
    """

    inputs: Any
    parameters: Mapping[str, Any] = field(default_factory=dict)
    answer: asyncio.Future[dict[str, Any]] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


async def serve(call: Call, requests: asyncio.Queue[Any]) -> None:
    """Answer requests, one after the other, until cancelled.

    Exceptions of a call are raised where its answer is awaited; a cancelled request is
    skipped. Nothing that is put into the queue stops the consumer: an item that is not a
    request, or can no longer be answered, is reported to the event loop's exception handler
    (by default, its log). A request that is being answered when this is cancelled gets a
    `RuntimeError`.
    """
    while True:
        request = await requests.get()
        try:
            await answer(call, request)
        except Exception as error:
            message = f"a request in the queue could not be answered: {type(error).__name__}"
            context = {"message": f"{message}: {error}", "exception": error}
            asyncio.get_running_loop().call_exception_handler(context)
        finally:
            requests.task_done()


async def answer(call: Call, request: Any) -> None:
    """Run the call of one request and set the result or exception of its future.

    Raises:
        TypeError: the item is not a `Request`.
        RuntimeError: the event loop of its future is closed.
    """
    awaited = getattr(request, "answer", None)
    if not isinstance(awaited, asyncio.Future):
        raise TypeError(f"the queue accepts Request objects, not {type(request).__name__}")
    if awaited.done():
        return
    work = asyncio.create_task(made(call, request))  # its own task: the call may cancel itself
    try:
        await asyncio.wait({work})
    except asyncio.CancelledError:
        work.cancel()
        if not awaited.done():
            awaited.set_exception(RuntimeError("the consumer was cancelled before it answered"))
        raise
    if awaited.done():
        return
    if work.cancelled():
        awaited.cancel()
    elif error := work.exception():
        awaited.set_exception(error)
    else:
        awaited.set_result(work.result())


async def made(call: Call, request: Any) -> dict[str, Any]:
    """The coroutine of a request's call; invalid parameters raise inside it."""
    return await call(request.inputs, **request.parameters)
