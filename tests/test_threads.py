"""Handlers that several threads call at once: results are those of a single thread."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ROOT, OpenHandler

from hf_skillset_runtime.calls.concurrency import Gate, Pool
from hf_skillset_runtime.calls.seeded import drawn_from
from hf_skillset_runtime.serving.requests import Request, serve
from hf_skillset_runtime.testing.tiny_checkpoint import build_checkpoint
from hf_skillset_templates.source_skillset import source_skillset

torch = pytest.importorskip("torch")

ROUNDS = int(os.environ.get("THREADED_ROUNDS", "1"))
"""How often the calls below are repeated; CI's nightly run makes 5,000 calls of them."""
THREADS = 8
WORDS = "a small boat on the quiet river near the old library".split()
TEXTS = [" ".join(WORDS[: 1 + i % len(WORDS)]) * (1 + i % 3) for i in range(40)]


def as_data(value: Any) -> Any:
    """A result with its arrays as lists."""
    if isinstance(value, dict):
        return {key: as_data(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_data(item) for item in value]
    return value.tolist() if hasattr(value, "tolist") else value


def agree(one: Any, other: Any) -> bool:
    """Whether two results are the same; numbers to six digits."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(agree(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(agree, one, other))
    if isinstance(one, float):
        return bool(np.isclose(one, other, rtol=1e-4, atol=1e-6))
    return bool(one == other)


def mismatches(handler: Any, calls: list[tuple[Any, dict[str, Any]]]) -> list[str]:
    """What differs when `calls` come from eight threads instead of one."""
    expected = [as_data(handler(inputs, **given)["result"]) for inputs, given in calls]

    def run(i: int) -> str:
        inputs, given = calls[i % len(calls)]
        try:
            actual = as_data(handler(inputs, **given)["result"])
        except Exception as error:
            return f"call {i}: {type(error).__name__}: {error}"
        return "" if agree(actual, expected[i % len(calls)]) else f"call {i} differs"

    with ThreadPoolExecutor(THREADS) as pool:
        actual = list(pool.map(run, range(len(calls) * 2 * ROUNDS)))
    return [problem for problem in actual if problem]


def text_calls() -> list[tuple[Any, dict[str, Any]]]:
    """Texts alone and in batches, with and without truncation."""
    calls: list[tuple[Any, dict[str, Any]]] = []
    for i, text in enumerate(TEXTS):
        given = [{}, {"truncation": True, "max_length": 5}, {"truncation": True}][i % 3]
        calls.append((text if i % 2 else [text, *TEXTS[:3]], given))
    return calls


def test_the_tokenizer_keeps_nothing_of_another_thread(open_handler: OpenHandler) -> None:
    handler = open_handler("bert", "text-classification")
    assert mismatches(handler, text_calls() * 3) == []


SERIES = [[float((i * k) % 7) for i in range(24)] for k in (1, 2, 3)]


@pytest.mark.parametrize(
    ("model_type", "task", "calls"),
    [
        ("llama", "text-generation", [(text, {"max_new_tokens": 4}) for text in TEXTS[:10]]),
        ("vits", "text-to-audio", [("a small boat", {"seed": seed}) for seed in range(3)]),
        (
            "whisper",
            "automatic-speech-recognition",
            [
                (np.sin(np.arange(16000) * k / 40).astype(np.float32), {"max_new_tokens": 3})
                for k in (1, 2, 3)
            ],
        ),
    ],
)
def test_threads_get_what_one_thread_gets(
    open_handler: OpenHandler, model_type: str, task: str, calls: Any
) -> None:
    handler = open_handler(model_type, task)
    assert mismatches(handler, calls) == []


def test_a_seed_leaves_the_random_numbers_of_others_alone(open_handler: OpenHandler) -> None:
    handler = open_handler("vits", "text-to-audio")
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    handler("a small boat", seed=1)
    assert torch.equal(torch.rand(4), expected)


def test_a_seed_gives_the_numbers_that_torch_gives(open_handler: OpenHandler) -> None:
    handler = open_handler("vits", "text-to-audio")
    actual = handler("a small boat", seed=1)["result"]["audio"]
    config, (given, _) = handler.endpoint.config, handler.spec.parameters({"seed": 1})
    (encoded,) = handler.spec.module.encode(["a small boat"], handler.processor, config, **given)
    torch.manual_seed(1)
    with torch.no_grad():
        tensors = {name: torch.as_tensor(value) for name, value in encoded.inputs.items()}
        expected = handler.endpoint(**tensors).waveform[0].numpy()
    np.testing.assert_allclose(np.ravel(actual), np.ravel(expected)[: np.size(actual)], atol=1e-6)


@pytest.mark.parametrize("draw", [torch.poisson, torch.bernoulli, torch._standard_gamma])
def test_the_inner_of_two_seeds_counts(draw: Callable[[Any], Any]) -> None:
    given = torch.full((8,), 0.5)
    with drawn_from(7):
        expected = draw(given)
    with drawn_from(1), drawn_from(7):
        actual = draw(given)
    assert torch.equal(actual, expected)


def test_a_short_text_changes_nothing_for_a_long_one(tmp_path: Path) -> None:
    """BigBird goes over to full attention, for good, when a short text comes."""
    tiny = shutil.copytree(ROOT / "registry" / "tiny" / "big_bird", tmp_path / "tiny")
    config = json.loads((tiny / "config.json").read_text("utf-8"))
    (tiny / "config.json").write_text(json.dumps({**config, "block_size": 16}), "utf-8")
    checkpoint = build_checkpoint(tiny, "AutoModel", tmp_path / "checkpoint")

    def opened() -> Any:
        skillset = source_skillset("big_bird")(metadata={})
        return skillset.init_cpu(str(checkpoint), task="feature-extraction")

    long = "boat " * 90
    used, fresh = opened(), opened()
    used.handler("a boat")
    result = np.asarray(used.handler(long)["result"])
    assert used.endpoint.attention_type == "block_sparse"
    np.testing.assert_array_equal(result, np.asarray(fresh.handler(long)["result"]))
    fresh.endpoint.set_attention_type("original_full")
    assert not np.allclose(result, np.asarray(fresh.handler(long)["result"]))


def test_an_awaited_call_leaves_the_loop_free(open_handler: OpenHandler) -> None:
    handler = open_handler("llama", "text-generation")
    expected = handler("a small boat", max_new_tokens=24)["result"]

    async def served() -> tuple[Any, int]:
        turns = 0
        call = asyncio.ensure_future(handler.acall("a small boat", max_new_tokens=24))
        while not call.done():
            turns += 1
            await asyncio.sleep(0)
        return (await call)["result"], turns

    actual, turns = bounded(served())
    assert actual == expected
    assert turns > 10


def test_a_queue_answers_requests_and_their_errors(open_handler: OpenHandler) -> None:
    handler = open_handler("bert", "text-classification")
    expected = [handler(text)["result"] for text in TEXTS[:8]]

    async def served() -> tuple[list[Any], BaseException | None]:
        requests: asyncio.Queue[Any] = asyncio.Queue(2)
        consumers = [asyncio.create_task(handler.serve(requests)) for _ in range(2)]
        sent = [Request(text) for text in TEXTS[:8]]
        wrong, late = Request("a boat", {"nonsense": 1}), Request("a boat")
        late.answer.cancel()
        for request in (sent[0], wrong, late, *sent[1:]):
            await requests.put(request)
        actual = [(await request.answer)["result"] for request in sent]
        await requests.join()
        for consumer in consumers:
            consumer.cancel()
        return actual, wrong.answer.exception()

    actual, error = bounded(served())
    assert [agree(as_data(one), as_data(other)) for one, other in zip(actual, expected)] == [
        True
    ] * 8
    assert isinstance(error, TypeError) and "nonsense" in str(error)


def bounded(work: Any, seconds: float = 120) -> Any:
    """What a coroutine gives; a TimeoutError where it does not end."""
    return asyncio.run(asyncio.wait_for(work, seconds))


async def ends_the_iteration(_inputs: Any) -> dict[str, Any]:
    """A call whose error no future takes."""
    raise StopIteration


async def cancels_itself(_inputs: Any) -> dict[str, Any]:
    """A call that is cancelled from inside."""
    raise asyncio.CancelledError


NO_REQUESTS: list[Any] = [None, "a text", {"inputs": "a text"}, 3, object()]


@pytest.mark.parametrize("call", [ends_the_iteration, cancels_itself])
def test_nothing_in_the_queue_ends_its_consumer(call: Any) -> None:
    async def answered(inputs: Any, **parameters: Any) -> dict[str, Any]:
        return {"result": inputs} if inputs == "right" else await call(inputs)

    async def served() -> tuple[Any, list[BaseException]]:
        reports: list[Any] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, result: reports.append(result))
        requests: asyncio.Queue[Any] = asyncio.Queue()
        consumer = asyncio.create_task(serve(answered, requests))
        wrong, odd = Request("wrong"), Request("right", 3)  # type: ignore[arg-type]
        right = Request("right")
        for request in (*NO_REQUESTS, wrong, odd, right):
            requests.put_nowait(request)
        await requests.join()
        for failed in (wrong, odd):
            with pytest.raises((RuntimeError, asyncio.CancelledError, TypeError)):
                await failed.answer
        consumer.cancel()
        return await right.answer, [result["exception"] for result in reports]

    result, reports = bounded(served(), 20)
    assert result == {"result": "right"}
    assert [type(error) for error in reports] == [TypeError] * len(NO_REQUESTS)
    assert "the queue accepts Request objects, not NoneType" in str(reports[0])


def test_a_cancelled_consumer_leaves_nobody_waiting() -> None:
    async def never(_inputs: Any) -> dict[str, Any]:
        await asyncio.Event().wait()
        return {}

    async def served() -> None:
        requests: asyncio.Queue[Any] = asyncio.Queue()
        consumer = asyncio.create_task(serve(never, requests))
        request = Request("a text")
        await requests.put(request)
        await asyncio.sleep(0.05)
        consumer.cancel()
        with pytest.raises(RuntimeError, match="cancelled before it answered"):
            await request.answer
        await requests.join()

    bounded(served(), 20)


def test_an_awaited_call_ends_whatever_is_raised(
    open_handler: OpenHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = open_handler("bert", "text-classification")

    def encode(*_given: Any, **_named: Any) -> Any:
        raise StopIteration

    monkeypatch.setattr(handler.spec.module, "encode", encode)
    with pytest.raises(RuntimeError, match="StopIteration"):
        bounded(handler.acall("a boat"), 20)


def in_thread(work: Callable[[], None]) -> threading.Thread:
    """A thread that has begun to work."""
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def test_who_is_inside_gives_way_to_two_that_want_to_be_alone() -> None:
    gate, alone, most = Gate(), [0], [0]
    everybody = threading.Barrier(2)

    def run() -> None:
        with gate.shared():
            everybody.wait(5)  # both are inside before either wants to be alone
            with gate.alone():
                alone[0] += 1
                most[0] = max(most[0], alone[0])
                alone[0] -= 1
            with gate.shared():
                pass

    threads = [in_thread(run) for _ in range(2)]
    for thread in threads:
        thread.join(10)
    assert not any(thread.is_alive() for thread in threads)
    assert most == [1]


def test_what_cannot_be_copied_is_lent_to_one_after_the_other() -> None:
    class Locked:
        """Holds a lock, which nobody can copy."""

        def __init__(self) -> None:
            self.lock = threading.Lock()

    pool, original = Pool(), Locked()
    together = threading.Barrier(4)
    seen: list[Any] = []

    def run() -> None:
        together.wait(5)
        with pool.lent(original) as mine:
            assert mine.lock.acquire(blocking=False), "two threads hold it"
            seen.append(mine)
            mine.lock.release()

    threads = [in_thread(run) for _ in range(4)]
    for thread in threads:
        thread.join(10)
    assert seen == [original] * 4
