"""Checks for any skillset module whether it does what it claims: see docs/reference.md."""
