"""Folders that run a task with ONNX Runtime alone, without torch and transformers."""
