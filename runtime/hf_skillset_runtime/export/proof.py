"""Shows how much of a model ran in exported graphs, by counting what torch computed beside them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..tasks.samples import sample_inputs

if TYPE_CHECKING:
    from ..platforms.base import Handler
    from .exported_model import ExportedModel


def proof_of_graphs(handler: Handler, exported: ExportedModel) -> dict[str, Any]:
    """What ran where for the first sample of the task.

    Returns:
        `graph_runs`; `operations` of matrix products and convolutions that torch alone needs,
        and `share`, the part of them that torch did not execute because graphs did; `in_parts`
        where graphs are smaller than what exporters make of a model. `problem` where no graph ran.
    """
    sample = sample_inputs(handler.spec, handler.processor)[0]

    def answer() -> None:
        handler(sample, **handler.spec.sample_params)

    before = exported.graph_runs()
    beside = operations_in_torch(answer)
    runs = exported.graph_runs() - before
    with exported.in_torch():
        total = operations_in_torch(answer)
    share = 1 - beside / total if total else float(runs > 0)
    found = {
        "graph_runs": runs,
        "operations": total,
        "share": round(share, 4),
        "in_parts": share < 1 or exported.in_layers(),
    }
    return found if runs else {**found, "problem": "no graph ran: torch computed in its place"}


def operations_in_torch(run: Callable[[], Any]) -> int:
    """The floating point operations of matrix products and convolutions that torch executes."""
    from torch.utils.flop_counter import FlopCounterMode

    counter = FlopCounterMode(display=False)
    with counter:
        run()
    return int(counter.get_total_flops())
