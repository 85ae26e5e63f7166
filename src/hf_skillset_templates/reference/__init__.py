"""Checks whether a skillset module of any origin does what it claims: see docs/reference.md."""
