# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
"""The queue that an endpoint comes with: requests go in, one consumer or several answer them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Call = Callable[..., Awaitable[dict[str, Any]]]


@dataclass
class Request:
    """One call of a handler, to be put into the queue of its endpoint; `await request.answer`.

    It is made where an event loop runs, the one that the answer is awaited in.
    """

    inputs: Any
    parameters: Mapping[str, Any] = field(default_factory=dict)
    answer: asyncio.Future[dict[str, Any]] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


async def serve(call: Call, requests: asyncio.Queue[Any]) -> None:
    """Answer requests, one after the other, until this is cancelled.

    What a call raises is raised where its answer is awaited; a request that nobody waits for
    any more is left out.
    """
    while True:
        request: Request = await requests.get()
        try:
            if request.answer.cancelled():
                continue
            found = await call(request.inputs, **request.parameters)
            if not request.answer.done():
                request.answer.set_result(found)
        except Exception as error:
            if not request.answer.done():
                request.answer.set_exception(error)
        finally:
            requests.task_done()
