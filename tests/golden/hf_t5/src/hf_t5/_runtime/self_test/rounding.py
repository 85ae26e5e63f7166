# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""How far two results may be apart that should be equal."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..serving.endpoint import EndpointHandler

ROUNDING = 1e-4
"""Tolerance for results in float32, whose order of summation may differ."""
NARROW_ROUNDING = 5e-2
"""Tolerance for weights in float16 or bfloat16."""
EXACT_DTYPES = ("torch.float32", "torch.float64")


def tolerance_of(handler: EndpointHandler) -> float:
    """The tolerance for two results that should be equal."""
    dtype = str(getattr(handler.endpoint, "dtype", EXACT_DTYPES[0]))
    return max(handler.spec.tolerance, ROUNDING if dtype in EXACT_DTYPES else NARROW_ROUNDING)
