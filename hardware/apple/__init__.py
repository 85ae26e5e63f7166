"""Apple Silicon."""
