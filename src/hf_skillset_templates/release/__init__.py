"""Follows a transformers release: rebuilds and remeasures what it changed, and reports."""
