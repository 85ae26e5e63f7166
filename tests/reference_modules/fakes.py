"""Fakes that claim to be real."""

from __future__ import annotations

from unittest.mock import MagicMock

from .parts.queues import new_queue


class hf_bert:
    def __init__(self, resources=None, metadata=None):
        self.resources = resources

    def init_cpu(self, model_name, device, cpu_label):
        print(f"(REAL) Model loaded: {model_name}")
        endpoint, tokenizer = MagicMock(), MagicMock()
        return endpoint, tokenizer, self.handler, new_queue(), 0

    def create_cpu_text_embedding_endpoint_handler(self, endpoint_model, cpu_label):
        return self.handler

    def handler(self, text):
        return {"embedding": [0.0] * 32, "implementation_type": "REAL"}
