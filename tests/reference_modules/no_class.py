"""Holds functions, and no class."""


def init_cpu(model):
    return model
