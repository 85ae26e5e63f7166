"""Intel XPU."""
