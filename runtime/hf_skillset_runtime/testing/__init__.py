"""The tests that every package runs on a tiny model."""
