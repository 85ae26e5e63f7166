"""The platforms: one folder for each."""
