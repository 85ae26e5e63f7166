"""Rewrites of exported graphs: unsupported operators are replaced by supported ones."""
