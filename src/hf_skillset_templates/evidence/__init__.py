"""Measures whether the checks can fail: sensitivity of tiny models, broken models, mutations."""
