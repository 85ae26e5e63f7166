"""Inputs as people have them: one module for each kind."""
