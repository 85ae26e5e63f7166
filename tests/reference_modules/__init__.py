"""Raises when it is run: a checked module must not run the packages above what it imports."""

raise RuntimeError("the parent package of a checked module was run")
