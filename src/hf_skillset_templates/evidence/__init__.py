"""Measures whether the checks could come out otherwise: sensitivity, broken models, mutations."""
