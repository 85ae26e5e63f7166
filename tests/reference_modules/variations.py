"""Modules that are wrong in one way each, made from the right one."""

from __future__ import annotations

from .hf_bert import hf_bert as right

FIRST = "A first sentence."


class Constant(right):
    """Loads the model and answers the same to everything."""

    def create_cpu_text_embedding_endpoint_handler(self, *arguments):
        handler = super().create_cpu_text_embedding_endpoint_handler(*arguments)
        return lambda text: handler(FIRST)


class Swapped(right):
    """Hands tokenizer and model over in the wrong order."""

    def create_cpu_text_embedding_endpoint_handler(
        self, endpoint_model, device, hardware_label, tokenizer, endpoint
    ):
        return super().create_cpu_text_embedding_endpoint_handler(
            endpoint_model, device, hardware_label, tokenizer=endpoint, endpoint=tokenizer
        )

    def init_cpu(self, model_name, device, cpu_label):
        endpoint, tokenizer, _, queue, size = super().init_cpu(model_name, device, cpu_label)
        handler = right.create_cpu_text_embedding_endpoint_handler(
            self, model_name, device, cpu_label, tokenizer, endpoint
        )
        return endpoint, tokenizer, handler, queue, size


class Four(right):
    """Leaves the batch size out."""

    def init_cpu(self, model_name, device, cpu_label):
        return super().init_cpu(model_name, device, cpu_label)[:4]


class Nones(right):
    """Gives five times nothing."""

    def init_cpu(self, model_name, device, cpu_label):
        return None, None, None, None, None


class Coroutine(right):
    """Its handler is asynchronous."""

    def create_cpu_text_embedding_endpoint_handler(self, *arguments):
        handler = super().create_cpu_text_embedding_endpoint_handler(*arguments)

        async def later(text):
            return handler(text)

        return later


class KeywordOnly(right):
    """Cannot be created by position."""

    def __init__(self, *, resources, metadata):
        super().__init__(resources, metadata)


class UnknownParameter(right):
    """Wants what no caller has."""

    def init_cpu(self, model_name, flux_capacitor):
        return super().init_cpu(model_name, "cpu", "cpu")


class ErrorText(right):
    """Answers with a text about its failure."""

    def create_cpu_text_embedding_endpoint_handler(self, *arguments):
        return lambda text: {"text": "Error in the handler: no model", "success": True}


class Random(right):
    """Adds noise."""

    def create_cpu_text_embedding_endpoint_handler(self, *arguments):
        handler = super().create_cpu_text_embedding_endpoint_handler(*arguments)

        def noisy(text):
            embedding = handler(text)["embedding"]
            return {"embedding": embedding + self.torch.rand_like(embedding)}

        return noisy


class OwnWeights(right):
    """Answers with a model that it makes itself, whatever the checkpoint holds."""

    def create_cpu_text_embedding_endpoint_handler(self, model, device, label, endpoint, tokenizer):
        self.torch.manual_seed(5)
        made = self.transformers.AutoModel.from_config(endpoint.config).eval()
        return super().create_cpu_text_embedding_endpoint_handler(
            model, device, label, made, tokenizer
        )


class AcceptsAnything(right):
    """Makes a model up where the checkpoint is missing."""

    def init_cpu(self, model_name, device, cpu_label):
        try:
            return super().init_cpu(model_name, device, cpu_label)
        except OSError:
            print("(REAL) loaded")
            return self.made_up()

    def made_up(self):
        endpoint = self.torch.nn.Linear(2, 2)
        return endpoint, None, lambda text: {"embedding": [1.0, 2.0]}, None, 0


class MaxPooled(right):
    """Pools in a way of its own: near, and not equal."""

    def create_cpu_text_embedding_endpoint_handler(self, *arguments):
        handler = super().create_cpu_text_embedding_endpoint_handler(*arguments)
        return lambda text: {"embedding": handler(text)["embedding"] * 1.01}
