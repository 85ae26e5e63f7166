# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""Vectors of models that put texts and media of one other kind into one space.

Such a model runs on texts and media at once, and compares all with all. Where an input has but one
side, a placeholder takes the other's place: on exported graphs the model has one `forward`, which
takes both. The vector of one side does not depend on the other, but where a fact says so.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..media.text import as_text
from .encoded import Encoded
from .image_tokens import behind_image_tokens
from .vectors import unit

TEXT = "text"
PAIR = ("one", "other")
"""Keys of an input of two values of any kinds: what two positional arguments are."""
PLACEHOLDER_TEXT = "a"
OUTPUTS = {"images": "image_embeds", "audio": "audio_embeds", "videos": "video_embeds"}
"""The model's output (media, width) with the vectors of each kind of media."""
ADDRESSES = ("http://", "https://", "data:")


class Value(NamedTuple):
    """A text or a medium of an input."""

    key: str
    """`text`, or the key of the media that the model takes."""
    value: Any


class Place(NamedTuple):
    """Where the vector of a value is found: its kind, the call, the row in the call."""

    key: str
    call: int
    row: int


@dataclass(frozen=True)
class Media:
    """The media that a model takes beside texts."""

    key: str
    """Their key in an input: images, audio, videos."""
    features: Callable[[list[Any]], Mapping[str, Any]]
    """The model's inputs for some of them."""
    placeholder: Any
    """A medium that takes the place of none."""


def encode_shared(
    items: list[Any],
    processor: Any,
    config: Any,
    media: Media,
    facts: Mapping[str, Any],
    rows_pad: bool,
    tokenizer_kwargs: Mapping[str, Any] | None = None,
) -> list[Encoded]:
    """One call for all texts and media of the items; one for each where texts may not be padded.

    Raises:
        TypeError, ValueError: an item is none of those that `values_of` describes.
    """
    values = [values_of(item, media.key, bool(facts.get("text_beside_media"))) for item in items]
    calls, places = arranged(values, media.key, rows_pad)
    options = {"padding": True, **facts.get("text_options", {}), **(tokenizer_kwargs or {})}
    encoded = []
    for call in calls:
        texts = call[TEXT] or [PLACEHOLDER_TEXT]
        words = processor.tokenizer(texts, return_tensors="pt", **options)
        if facts.get("image_tokens_first"):
            words = behind_image_tokens(words, config)
        features = media.features(call[media.key] or [media.placeholder])
        encoded.append(Encoded({**words, **features}, context=places, whole=True))
    return encoded


def values_of(item: Any, key: str, text_beside_media: bool = False) -> list[Value]:
    """The one or two values of an input.

    An input is a value, a dict `{"text", <key>}` with one or both, or `{"one", "other"}` with two
    values. A value alone is a text where it is a string, unless that is the path of a file or a
    URL, and a medium otherwise; `{"text": ...}` and `{<key>: ...}` say what it is.

    Raises:
        TypeError: a text is no string.
        ValueError: a dict with other media, or a text alone where its vector depends on a medium.
    """
    if isinstance(item, dict) and set(item) == set(PAIR):
        values = [value for name in PAIR for value in values_of(item[name], key)]
        if len(values) > 2:
            raise ValueError("each of two values is one text or one medium, not both")
    elif isinstance(item, dict) and item and set(item) <= {TEXT, key}:
        values = [Value(name, item[name]) for name in item]
    elif isinstance(item, dict) and set(item) & {TEXT, "images", "videos"}:
        raise ValueError(f"this model takes {TEXT} and {key}; got {', '.join(sorted(item))}")
    else:
        values = [Value(TEXT if is_text(item) else key, item)]
    for name, value in values:
        if name == TEXT:
            as_text(value)
    if text_beside_media and {name for name, _ in values} == {TEXT}:
        raise ValueError(f"the vector of a text depends on the {key} beside it: give both")
    return values


def is_text(value: Any) -> bool:
    """Whether a value is a text: a string that names neither a file nor an address of one."""
    if not isinstance(value, str) or value.startswith(ADDRESSES):
        return False
    return len(value) > 4096 or not os.path.isfile(value)


def arranged(
    items: Sequence[Sequence[Value]], key: str, together: bool
) -> tuple[list[dict[str, list[Any]]], list[list[Place]]]:
    """The values of all items by call and kind, and where each item's are.

    Args:
        together: put all into one call; else a text and a medium of one item share one.
    """
    calls: list[dict[str, list[Any]]] = []
    places = []
    for values in items:
        found: list[Place] = []
        for name, value in values:
            shares = calls and (together or (found and not calls[-1][name]))
            if not shares:
                calls.append({TEXT: [], key: []})
            calls[-1][name].append(value)
            found.append(Place(name, len(calls) - 1, len(calls[-1][name]) - 1))
        places.append(found)
    return calls, places


def decode(
    outputs: Sequence[Mapping[str, np.ndarray]],
    encoded: Sequence[Encoded],
    processor: Any,
    config: Any,
    normalize: bool = True,
) -> list[dict[str, Any]]:
    """`{"embedding"}` for each item of one value, `{"embeddings", "similarity"}` for one of two.

    An embedding has shape (width,), or (vectors, width) of a model that gives several for a medium;
    the similarity is the cosine, of several vectors the largest.

    Args:
        normalize: give vectors of unit length.
    """
    results: list[dict[str, Any]] = []
    for places in encoded[0].context if encoded else ():
        media_row = next((place.row for place in places if place.key != TEXT), 0)
        vectors = [vector_at(place, outputs[place.call], media_row) for place in places]
        given = [(unit(vector) if normalize else vector).tolist() for vector in vectors]
        if len(given) == 1:
            results.append({"embedding": given[0]})
        else:
            results.append({"embeddings": given, "similarity": similarity(*vectors)})
    return results


def vector_at(place: Place, outputs: Mapping[str, np.ndarray], media_row: int) -> np.ndarray:
    """The vector of a value; of a text that of the medium beside it, where each has one."""
    if place.key != TEXT:
        medium: np.ndarray = outputs[OUTPUTS[place.key]][place.row]
        return medium
    names = [name for name in outputs if name.startswith("text_") and name.endswith("_embeds")]
    vectors = outputs[names[0]]
    text: np.ndarray = vectors[media_row, place.row] if vectors.ndim == 3 else vectors[place.row]
    return text


def similarity(one: np.ndarray, other: np.ndarray) -> float:
    """The cosine of two vectors, or the largest of those of several."""
    return float((np.atleast_2d(unit(one)) @ np.atleast_2d(unit(other)).T).max())
