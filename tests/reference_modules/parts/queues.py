"""Queues, as a module beside a skillset brings them."""

import asyncio


def new_queue():
    return asyncio.Queue(32)
