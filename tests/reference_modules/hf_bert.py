"""Right: mean-pooled BERT embeddings, in the manner of the worker's modules."""

from __future__ import annotations

import os

from .parts.queues import new_queue


class hf_bert:
    def __init__(self, resources=None, metadata=None):
        self.resources = resources
        self.metadata = metadata

    def init(self):
        self.torch = self.resources["torch"]
        self.transformers = self.resources["transformers"]

    def init_cpu(self, model_name, device, cpu_label):
        self.init()
        cache = os.path.join(os.path.dirname(os.path.abspath(__file__)), "model_cache")
        os.makedirs(cache, exist_ok=True)
        tokenizer = self.transformers.AutoTokenizer.from_pretrained(model_name, cache_dir=cache)
        endpoint = self.transformers.AutoModel.from_pretrained(model_name, cache_dir=cache)
        handler = self.create_cpu_text_embedding_endpoint_handler(
            model_name, device, cpu_label, endpoint, tokenizer
        )
        return endpoint, tokenizer, handler, new_queue(), 0

    def create_cpu_text_embedding_endpoint_handler(
        self, endpoint_model, device, hardware_label, endpoint=None, tokenizer=None
    ):
        def handler(text):
            with self.torch.no_grad():
                tokens = tokenizer(text, return_tensors="pt")
                states = endpoint(**tokens).last_hidden_state
            return {"embedding": states.mean(dim=1), "implementation_type": "REAL"}

        return handler
