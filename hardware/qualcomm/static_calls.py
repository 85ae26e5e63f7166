"""Calls of graphs with fixed shapes: one input at a time, padded to a few lengths.

Needs only numpy, imported on use, so that it runs without torch.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

SHORTEST = 8
LAYOUT_WORDS = frozenset("grid grids sizes shapes patches images crops per ratio mm".split())
"""Words in the names of integer inputs that describe the patches of images and the positions of
their tokens (the layout), as transformers' processors name them."""
OPENING = ("lang_to_id", "no_timestamps_token_id")
"""Keys of generation_config.json for the tokens after the start of a transcript."""
NEW_TOKENS = 20
"""transformers' default number of new tokens."""
GREEDY_OPTIONS = {"max_new_tokens", "max_length", "do_sample", "num_beams", "pad_token_id"}

Arrays = dict[str, Any]
"""Named numpy arrays."""


def bucket(length: int) -> int:
    """The smallest power of two that holds `length` tokens."""
    size = SHORTEST
    while size < length:
        size *= 2
    return size


def rows(inputs: Mapping[str, Any]) -> list[Arrays]:
    """Each row of the inputs; all as one if the numbers of rows differ."""
    import numpy as np

    arrays = {name: np.asarray(value) for name, value in inputs.items()}
    sizes = {array.shape[0] for array in arrays.values()}
    if len(sizes) != 1:
        return [arrays]
    count = sizes.pop()
    return [{n: array[i : i + 1] for n, array in arrays.items()} for i in range(count)]


def token_inputs(each: Sequence[Arrays]) -> tuple[str, ...]:
    """The integer inputs that have one entry per token in every one of several rows.

    Rows of different length tell a token axis from another one of equal size.
    """
    with_tokens = [row for row in each if "input_ids" in row]
    names = {name for row in with_tokens for name in row}
    return tuple(
        sorted(name for name in names if all(follows_tokens(row, name) for row in with_tokens))
    )


def follows_tokens(row: Arrays, name: str) -> bool:
    """Whether an input of a row is absent, or of integers with as many entries as tokens."""
    array, tokens = row.get(name), row["input_ids"].shape[1]
    return array is None or (array.dtype.kind in "biu" and array.shape[1:2] == (tokens,))


def without_padding(row: Arrays, names: Collection[str]) -> Arrays:
    """The row without masked tokens; several rows that belong together are unchanged.

    Args:
        names: the inputs with one entry per token; see `token_inputs`.
    """
    import numpy as np

    if "attention_mask" not in row or "input_ids" not in row or row["input_ids"].shape[0] > 1:
        return row
    positions = np.flatnonzero(
        row["attention_mask"][0].reshape(row["input_ids"].shape[1], -1).any(-1)
    )
    return {n: a[:, positions] if n in names else a for n, a in row.items()}


def padded(row: Arrays, length: int, pad_token: int, names: Collection[str]) -> Arrays:
    """The row with its tokens padded on the right to `length`; its mask, if any, is extended."""
    import numpy as np

    result = {}
    for name, array in row.items():
        if name in names:
            widths = [(0, 0), (0, length - array.shape[1])] + [(0, 0)] * (array.ndim - 2)
            fill = pad_token if name == "input_ids" else 0
            array = np.pad(array, widths, constant_values=fill)
        result[name] = array
    return result


def shortened(row: Arrays, names: Collection[str]) -> Arrays:
    """The row without its last token."""
    return {n: a[:, :-1] if n in names else a for n, a in row.items()}


def forward_row(row: Arrays, pad_token: int, names: Collection[str]) -> Arrays:
    """One row as input of the graph: padded to its bucket if it has a mask."""
    if "input_ids" not in row or "attention_mask" not in row:
        return row
    row = without_padding(row, names)
    return padded(row, bucket(row["input_ids"].shape[1]), pad_token, names)


def widened(row: Arrays, shapes: Mapping[str, list[int]]) -> Arrays:
    """The row with arrays zero-padded to the larger shapes of the graph."""
    import numpy as np

    result = dict(row)
    for name, shape in shapes.items():
        widths = [(0, max(0, most - size)) for most, size in zip(shape, row[name].shape)]
        result[name] = np.pad(row[name], widths)
    return result


def nested(outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Outputs with names like `feature_maps.0` as nested lists and dicts."""
    result: dict[str, Any] = {}
    for name, output in outputs.items():
        *parents, last = name.split(".")
        place = result
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = output
    return {name: listed(value) for name, value in result.items()}


def listed(value: Any) -> Any:
    """The values of a dict with integer keys as a list."""
    if not isinstance(value, dict):
        return value
    values = {name: listed(item) for name, item in value.items()}
    return list(values.values()) if all(name.isdigit() for name in values) else values


def layout_of(row: Arrays) -> dict[str, list[Any]]:
    """The layout of a row's images, JSON-compatible."""
    return {name: row[name].tolist() for name in sorted(layout_inputs(row))}


def layout_inputs(row: Arrays) -> set[str]:
    """The inputs of a row that describe the layout of its images; masks do not."""
    return {
        name
        for name, array in row.items()
        if array.dtype.kind in "iu" and LAYOUT_WORDS & {*(words := name.split("_"))}
        if words[-1] != "mask"
    }


def shapes_of(row: Arrays) -> dict[str, list[int]]:
    """The shapes of a row's arrays, JSON-compatible."""
    return {name: list(array.shape) for name, array in sorted(row.items())}


def new_tokens(
    options: Mapping[str, Any],
    defaults: Mapping[str, Any],
    prompt: int,
    room: int | None = None,
) -> int:
    """The number of tokens to generate.

    Args:
        options: the caller's options; a length in them is not limited.
        defaults: the checkpoint's options.
        prompt: number of tokens of the prompt.
        room: number of tokens that the exported graphs have space for, the limit if the caller
            sets no length. None if nothing is exported yet.

    Raises:
        ValueError: the options require more than greedy decoding.
    """
    unknown = sorted(set(options) - GREEDY_OPTIONS)
    if unknown or options.get("do_sample") or options.get("num_beams", 1) != 1:
        unsupported = ", ".join(unknown) or "sampling or beams"
        raise ValueError(f"qualcomm supports greedy decoding only; unsupported: {unsupported}")
    requested, stated = (stated_tokens(source, prompt) for source in (options, defaults))
    if requested is not None:
        return requested
    if room is None:
        return NEW_TOKENS if stated is None else stated
    return max(1, room if stated is None else min(stated, room))


def stated_tokens(source: Mapping[str, Any], prompt: int) -> int | None:
    """The number of new tokens that options or a checkpoint state; None where they do not."""
    if (count := source.get("max_new_tokens")) is not None:
        return int(count)
    longest = source.get("max_length")
    return None if longest is None else max(1, int(longest) - prompt)


def opening(
    logits_of: Callable[[list[int]], Any], start: list[int], defaults: Mapping[str, Any]
) -> list[int]:
    """The tokens before a transcript: start, detected language, no timestamps.

    Args:
        defaults: the checkpoint's `generation_config.json`; only one of a speech model has
            `lang_to_id` and `no_timestamps_token_id`.
    """
    tokens = list(start)
    if languages := list(defaults.get("lang_to_id", {}).values()):
        logits = logits_of(tokens)
        tokens.append(max(languages, key=lambda language: logits[language]))
    return tokens + as_list(defaults.get("no_timestamps_token_id"))


def choices(
    logits_of: Callable[[list[int]], Any],
    prompt: list[int],
    count: int,
    defaults: Mapping[str, Any],
    chosen: Sequence[int] | None = None,
) -> Iterator[tuple[Any, int]]:
    """The scores (tokens,) of each generation step after `prompt`, and the chosen token.

    Args:
        logits_of: returns the logits of the next token after a list of tokens.
        count: largest number of new tokens; an end-of-text token stops earlier.
        defaults: the checkpoint's `generation_config.json`.
        chosen: tokens to continue with instead of the highest-scoring ones.
    """
    import numpy as np

    tokens = list(prompt)
    ends = as_list(defaults.get("eos_token_id"))
    suppressed = as_list(defaults.get("suppress_tokens"))
    for step in range(count if chosen is None else min(count, len(chosen))):
        logits = logits_of(tokens).astype(np.float32)
        barred = suppressed + (as_list(defaults.get("begin_suppress_tokens")) if step == 0 else [])
        logits[[token for token in barred if token < len(logits)]] = -np.inf
        tokens.append(int(logits.argmax()) if chosen is None else chosen[step])
        yield logits, tokens[-1]
        if tokens[-1] in ends:
            return


def as_list(value: int | list[int] | None) -> list[int]:
    """One token or several as a list."""
    return [] if value is None else [value] if isinstance(value, int) else list(value)
