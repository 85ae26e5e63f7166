"""Measures how much of a model ran in exported graphs, by counting the operations of torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..tasks.samples import sample_inputs

if TYPE_CHECKING:
    from ..platforms.base import Handler
    from .exported_model import ExportedModel


def proof_of_graphs(handler: Handler, exported: ExportedModel) -> dict[str, Any]:
    """Where the operations of the task's first sample ran.

    Returns:
        `graph_runs`; `operations`, the floating point operations of matrix products and
        convolutions without graphs; `share`, the fraction of them that ran in graphs; `in_parts`
        if graphs are smaller than those that exporters make; for a generation `states`: true, or
        why its cache is not inside the runtime. `problem` if no graph ran.
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
    proofs: dict[str, Any] = {
        "graph_runs": runs,
        "operations": total,
        "share": round(share, 4),
        "in_parts": share < 1 or exported.in_layers(),
    }
    if (states := exported.states()) is not None:
        proofs["states"] = states
    return proofs if runs else {**proofs, "problem": "no graph ran: torch computed in its place"}


def operations_in_torch(run: Callable[[], Any]) -> int:
    """The floating point operations of matrix products and convolutions that torch executes."""
    from torch.utils.flop_counter import FlopCounterMode

    counter = FlopCounterMode(display=False)
    # Counts by module need gradients of every module's tensors; without gradients a view of a
    # parameter that a module returns has none, and torch raises.
    counter.mod_tracker = _NoModules()
    with counter:
        run()
    return int(counter.get_total_flops())


class _NoModules:
    """Replaces torch's ModuleTracker: one count for all modules."""

    parents = frozenset({"Global"})

    def __enter__(self) -> None:
        """Start counting."""

    def __exit__(self, *error: object) -> None:
        """Stop counting."""
