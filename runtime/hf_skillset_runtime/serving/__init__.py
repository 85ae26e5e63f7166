"""Handlers: one task on one platform, thread-safe, for single inputs and batches."""
