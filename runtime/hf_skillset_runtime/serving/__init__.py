"""Handlers: one task on one platform, for one input or many, one thread or many."""
