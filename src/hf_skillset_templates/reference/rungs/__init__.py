"""The rungs, in order."""

from __future__ import annotations

from ..ladder import Rung
from . import answers, endpoint, interface

INTERFACE = (
    Rung("imports", "does not import", "config", interface.imports),
    Rung("class", "has no skillset class", "config", interface.has_class),
    Rung("created", "cannot be created", "config", interface.can_be_created),
    Rung("methods", "lacks methods", "config", interface.has_methods),
)
"""The rungs of a module's interface, which need no checkpoint."""

RUNGS = (
    *INTERFACE,
    Rung("init", "init fails", "load", endpoint.initialises),
    Rung("parts", "parts are fakes", "load", endpoint.has_real_parts),
    Rung("handler", "handler fails", "run", answers.handler_answers),
    Rung("repeatable", "result is not repeatable", "run", answers.is_repeatable),
    Rung("input", "input does not matter", "run", answers.input_matters),
    Rung("weights", "weights do not matter", "run", answers.weights_matter),
    Rung("missing checkpoint", "accepts a missing checkpoint", "load", endpoint.needs_a_checkpoint),
    Rung("transformers", "differs from transformers", "match", answers.equals_transformers),
)
