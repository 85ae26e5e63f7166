"""Streams the text of a result while it is generated."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from threading import Thread
from typing import Any

THREAD = "hf-skillset-stream"
"""Name of the threads that generate for streams."""

END = object()
TEXTS = ("generated_text", "text", "content")
"""Names under which results and messages hold a text."""
NO_SPACES = "\u2e80"
"""First code point of scripts without spaces between words."""
UNFINISHED = "\ufffd"
"""The replacement character, which incomplete UTF-8 is decoded to."""


class Closed(Exception):  # noqa: N818 - not an error: the consumer is gone
    """Ends a generation whose consumer is gone."""


class TokenStreamer:
    """A streamer for `generate` that collects the tokens of one answer.

    `generate` puts the prompt first, then one token at a time. Long recordings are generated
    in several parts, each of which may be done again: then only the end shows the answer.
    """

    def __init__(self, prompt: bool) -> None:
        """Create a streamer; `prompt` is whether outputs begin with the prompt."""
        self.prompt = prompt
        self.arrived: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.starts = 0
        self.closed = False
        self.outcome: Any = None
        """The whole answer, or the error that ended it; None before that."""

    def put(self, tokens: Any) -> None:
        """Receive the prompt or the next token."""
        if self.closed:
            raise Closed
        begins = tokens.ndim == 2
        self.starts += begins
        if self.starts == 1:
            taken = tokens[:, :0] if begins and not self.prompt else tokens.reshape(1, -1)
            self.arrived.put(taken.cpu().numpy())

    def end(self) -> None:
        """Called by `generate` at the end of a part."""

    def batches(self) -> Iterator[list[Any]]:
        """Yield all tokens that have arrived, until the answer is complete."""
        ended = False
        while not ended:
            waiting = [self.arrived.get()]
            while not self.arrived.empty():
                waiting.append(self.arrived.get())
            ended = waiting[-1] is END
            if tokens := [each for each in waiting if each is not END]:
                yield tokens

    def answer(self) -> str:
        """The whole answer, when `batches` has ended; raises what `generate` raised."""
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return str(self.outcome)


def streamed(
    generate: Callable[[TokenStreamer], str], text_of: Callable[[Any], str], prompt: bool
) -> Iterator[str]:
    """The pieces of an answer; joined they are the whole.

    Args:
        generate: runs the model with a streamer and returns the whole answer. It runs in a
            thread of its own.
        text_of: decodes the tokens (1, tokens) so far to text.
        prompt: whether these begin with the prompt, as `generate` returns them.

    Raises:
        RuntimeError: the final text does not begin with the pieces already yielded.
    """
    streamer = TokenStreamer(prompt)
    thread = Thread(target=run_and_report, args=(generate, streamer), name=THREAD, daemon=True)
    thread.start()
    given = ""
    try:
        for text in sure_texts(streamer, text_of):
            if text.startswith(given) and text != given:
                yield text[len(given) :]
                given = text
        whole = streamer.answer()
        if not whole.startswith(given):
            raise RuntimeError(f"the answer {whole!r} does not begin with {given!r}")
        if whole != given:
            yield whole[len(given) :]
    finally:
        streamer.closed = True
        thread.join()


def run_and_report(generate: Callable[[TokenStreamer], str], streamer: TokenStreamer) -> None:
    """Run `generate` and store its result or exception in the streamer."""
    try:
        streamer.outcome = generate(streamer)
    except Exception as error:
        streamer.outcome = error
    finally:
        streamer.arrived.put(END)


def sure_texts(streamer: TokenStreamer, text_of: Callable[[Any], str]) -> Iterator[str]:
    """The final part of the text, each time that new tokens arrive."""
    import numpy as np

    tokens: list[Any] = []
    before = None
    for arrived in streamer.batches():
        tokens += arrived
        if len(tokens) < 2:  # the prompt alone
            continue
        now = text_of(np.concatenate(tokens, axis=1))
        if before is not None:
            yield sure_part(common_start(before, now))
        before = now


def common_start(one: str, other: str) -> str:
    """The longest common prefix of two texts."""
    count = next(
        (i for i, (a, b) in enumerate(zip(one, other)) if a != b), min(map(len, (one, other)))
    )
    return one[:count]


def sure_part(text: str) -> str:
    """The prefix of a text that further tokens do not change.

    It ends before its last space, or behind the last character of a script without spaces.
    """
    end = max((i for i, sign in enumerate(text) if sign >= NO_SPACES), default=-1) + 1
    return text[: max(end, text.rfind(" "), text.rfind("\n"))].rstrip(UNFINISHED)


def text_in(result: Any) -> str:
    """The text of a result: of the last entry of a list, of the last message of a chat.

    Raises:
        TypeError: the result has no text.
    """
    if isinstance(result, str):
        return result
    if isinstance(result, list) and result:
        return text_in(result[-1])
    if isinstance(result, dict):
        for name in TEXTS:
            if name in result:
                return text_in(result[name])
    raise TypeError(f"this task returns no text that could be streamed, but {result!r:.80}")
