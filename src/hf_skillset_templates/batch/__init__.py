"""Generating and updating many packages in one run."""
