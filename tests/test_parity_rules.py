"""How a platform's results are compared with those of the CPU."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType

import pytest

from hf_skillset_templates.registry.paths import ROOT

Image = pytest.importorskip("PIL.Image")
SOURCE = ROOT / "template" / "package" / "src" / "{{package_name}}" / "parity.py"
TOLERANCE = 1e-4


@pytest.fixture(scope="module")
def parity() -> ModuleType:
    """The module that every package has."""
    spec = importlib.util.spec_from_file_location("parity", SOURCE)
    assert spec and spec.loader
    with pytest.MonkeyPatch.context() as patch:
        module = importlib.util.module_from_spec(spec)
        patch.setitem(sys.modules, "parity", module)
        spec.loader.exec_module(module)
    return module


def depth(*colours: int) -> dict[str, object]:
    """A result with a picture of one row."""
    return {
        "predicted_depth": [0.5],
        "depth": Image.frombytes("L", (len(colours), 1), bytes(colours)),
    }


def test_a_shade_rounded_the_other_way_is_the_same_picture(parity: ModuleType) -> None:
    error = parity.measure(depth(10, 200, 30), depth(10, 201, 29), TOLERANCE)
    assert (error.mismatches, error.max_abs, error.texts_differ) == (0, 0, False)


def test_another_colour_is_a_number_that_differs(parity: ModuleType) -> None:
    error = parity.measure(depth(10, 200, 30), depth(10, 202, 30), TOLERANCE)
    assert error.mismatches > 0 and not error.texts_differ
    assert error.max_abs == pytest.approx(2 / 255)


def test_another_size_or_mode_is_another_picture(parity: ModuleType) -> None:
    assert parity.measure(depth(10, 20, 30), depth(10, 20), TOLERANCE).texts_differ
    colourful = {**depth(1), "depth": Image.new("RGB", (1, 1))}
    assert parity.measure(depth(1), colourful, TOLERANCE).texts_differ


def test_sides_of_a_picture_may_not_change_places(parity: ModuleType) -> None:
    upright, lying = Image.new("L", (2, 3)), Image.new("L", (3, 2))
    assert parity.measure({"mask": upright}, {"mask": lying}, TOLERANCE).texts_differ
