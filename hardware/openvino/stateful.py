"""Graphs whose cache is in the states of OpenVINO's infer requests."""

from __future__ import annotations

import json
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hf_skillset_runtime.export.graphs import independent_dimensions
from hf_skillset_runtime.export.states import StatefulGraph, StatefulProgram, States

ORDER_FILE = "variables.json"
ROWS = "beam_idx"
"""The input with the row of the states that each row continues from."""
MOST_FREE = 2
"""Infer requests that are kept for later sequences; each has the memory of its longest one."""


def export_stateful(program: StatefulProgram, path: Path, quantizer: Any) -> None:
    """Export a graph with states to `path`, and the order of its variables.

    Raises:
        ValueError: not all of the cache became states.
    """
    from transformers.exporters import OpenVINOConfig, OpenVINOExporter

    config = OpenVINOConfig(
        dynamic_shapes=program.dynamic_shapes, stateful=True, quantizer=quantizer
    )
    with independent_dimensions():
        graph, _ = OpenVINOExporter().export_program(program.module, dict(program.inputs), config)
    order = [f"input.{state}output.{state}" for state in program.states]
    variables = {variable.get_info().variable_id for variable in graph.get_variables()}
    if variables != set(order) or not order:
        raise ValueError(f"{len(variables)} of {len(order)} tensors of the cache became states")
    OpenVINOExporter.save_program(graph, path)
    (path.parent / ORDER_FILE).write_text(json.dumps(order), "utf-8")


class OpenVINOStatefulGraph(StatefulGraph):
    """One compiled graph; each sequence of calls has an infer request of its own."""

    def __init__(self, compiled: Any, folder: Path) -> None:
        self.compiled = compiled
        self.order = json.loads((folder / ORDER_FILE).read_text("utf-8"))
        self.inputs = {path_of(port): port for port in compiled.inputs}
        self.outputs = {path_of(port): port for port in compiled.outputs}
        self.free: list[Any] = []

    def states(self) -> States:
        try:
            request = self.free.pop()  # atomic
        except IndexError:
            request = self.compiled.create_infer_request()
        states = OpenVINOStates(self, request)
        states.clear()
        weakref.finalize(states, self.give_back, request)
        return states

    def give_back(self, request: Any) -> None:
        """Keep a request for another sequence."""
        if len(self.free) < MOST_FREE:
            self.free.append(request)


class OpenVINOStates(States):
    """The states of one infer request."""

    def __init__(self, graph: OpenVINOStatefulGraph, request: Any) -> None:
        self.graph, self.request = graph, request

    def step(self, inputs: Mapping[str, Any], rows: Any) -> dict[str, Any]:
        import torch

        ports = self.graph.inputs
        feed = {ports[name]: value.numpy() for name, value in inputs.items() if name in ports}
        if ROWS in ports:
            feed[ports[ROWS]] = rows
        self.request.infer(feed, share_inputs=False)
        return {
            name: torch.from_numpy(self.request.get_tensor(port).data.copy())
            for name, port in self.graph.outputs.items()
        }

    def clear(self) -> None:
        self.request.reset_state()

    def read(self) -> list[Any]:
        import torch

        by_name = {state.name: state for state in self.request.query_state()}
        return [torch.from_numpy(by_name[name].state.data.copy()) for name in self.graph.order]

    def write(self, tensors: Sequence[Any]) -> None:
        import openvino

        by_name = {state.name: state for state in self.request.query_state()}
        for name, tensor in zip(self.graph.order, tensors):
            by_name[name].state = openvino.Tensor(tensor.contiguous().numpy())


def path_of(port: Any) -> str:
    """The path of the tensor of a port in the module's arguments or outputs."""
    name: str = min(port.get_names(), key=len)
    return name.removeprefix("input.").removeprefix("output.")
