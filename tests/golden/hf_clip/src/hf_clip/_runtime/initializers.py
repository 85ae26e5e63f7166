# Part of hf-skillset-runtime 0.2.0, vendored by hf-skillset-templates.
# Do not edit: `copier update` replaces this folder.
# SPDX-License-Identifier: Apache-2.0
"""The methods that are attached to a skillset for each of its platforms and tasks.

They are attached by name, from `registry.json`, and import a platform only when called.
"""

from __future__ import annotations

from inspect import Parameter, Signature
from typing import Any, ClassVar, Protocol

from .serving.endpoint import Endpoint, EndpointHandler


class EndpointSource(Protocol):
    """The interface of a skillset that the attached methods use."""

    model_type: ClassVar[str]

    def open_endpoint(
        self, platform: str, model: str, device: str, label: str, task: str | None
    ) -> Endpoint: ...

    def handler_of(
        self,
        platform: str,
        model: str,
        device: str,
        label: str,
        task: str,
        endpoint: Any,
        processor: Any = None,
    ) -> EndpointHandler: ...


class Initializer(Protocol):
    """`init_<platform>` as a type checker sees it."""

    def __call__(
        self,
        model: str,
        device: str = ...,
        label: str = ...,
        /,
        *converters: Any,
        task: str | None = None,
        **named: Any,
    ) -> Endpoint: ...


def initializer(platform: str, default_device: str, takes_model_type: bool) -> Any:
    """The method `init_<platform>` of a skillset class.

    Args:
        platform: its name; the label's default.
        default_device: the device to run on where none is given.
        takes_model_type: whether `model_type` comes between `model` and `device`. If not, a
            second argument that equals the skillset's model type is accepted and ignored:
            some workers pass it to every platform.
    """
    signature = initializer_signature(platform, default_device, takes_model_type)

    def init(self: EndpointSource, *args: Any, **kwargs: Any) -> Endpoint:
        if not takes_model_type and len(args) > 1 and args[1] == self.model_type:
            args = (args[0], *args[2:])
        bound = signature.bind(self, *args, **kwargs)
        bound.apply_defaults()
        given = bound.arguments
        if given.get("model_type") not in (None, self.model_type):
            raise ValueError(
                f"this skillset is for {self.model_type}, not for {given['model_type']}"
            )
        label = given[f"{platform}_label"]
        return self.open_endpoint(platform, given["model"], given["device"], label, given["task"])

    init.__name__ = f"init_{platform}"
    init.__qualname__ = f"Skillset.init_{platform}"
    init.__doc__ = f"""Load `model` (hub id or local folder) on {platform}.

    See `Skillset.open_endpoint`. Further positional arguments are accepted and not used.
    """
    init.__signature__ = signature  # type: ignore[attr-defined]
    return init


def initializer_signature(platform: str, default_device: str, takes_model_type: bool) -> Signature:
    """`(self, model, [model_type,] device, <platform>_label, *converters, task=None)`."""
    kind = Parameter.POSITIONAL_OR_KEYWORD
    parameters = [Parameter("self", kind), Parameter("model", kind, annotation="str")]
    if takes_model_type:
        parameters.append(Parameter("model_type", kind, default=None, annotation="str | None"))
    parameters += [
        Parameter("device", kind, default=default_device, annotation="str"),
        Parameter(f"{platform}_label", kind, default=platform, annotation="str"),
        Parameter("converters", Parameter.VAR_POSITIONAL, annotation="Any"),
        Parameter("task", Parameter.KEYWORD_ONLY, default=None, annotation="str | None"),
    ]
    return Signature(parameters, return_annotation="Endpoint")


def handler_factory(platform: str, task: str, name: str) -> Any:
    """The method `create_<platform>_<task name>_endpoint_handler` of a skillset class."""

    def create(
        self: EndpointSource,
        endpoint_model: str,
        device: str,
        hardware_label: str,
        endpoint: Any = None,
        tokenizer: Any = None,
    ) -> EndpointHandler:
        """Make the handler; `endpoint` (a loaded model) and `tokenizer` are loaded if not given."""
        if endpoint is None:
            handler = self.open_endpoint(
                platform, endpoint_model, device, hardware_label, task
            ).handler
            handler.processor = handler.spec.adapted(tokenizer) or handler.processor
            return handler
        return self.handler_of(
            platform, endpoint_model, device, hardware_label, task, endpoint, tokenizer
        )

    create.__name__ = name
    create.__qualname__ = f"Skillset.{name}"
    return create
