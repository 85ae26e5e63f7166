"""The skillset of `patchtst`: what a worker creates, initialises and calls."""

from __future__ import annotations

from ._runtime.initializers import Initializer
from ._runtime.skillset import Skillset, load_registry

MODEL_REGISTRY = load_registry(__package__)
"""`{model type: its registry entry}`, as in `registry.json`."""


class hf_patchtst(Skillset):
    """Endpoints for `patchtst` models.

    Each platform of `registry.json` gives it an `init_<platform>`; each platform and task together
    give it a `create_<platform>_<task name>_endpoint_handler`. A method that is defined here is
    kept in their place.
    """

    package = __package__
    model_type = "patchtst"
    registry = MODEL_REGISTRY[model_type]

    init_cpu: Initializer
