"""What keeps one call from another: locks, copies of processors, random numbers, model state."""
