"""Isolation of concurrent calls: locks, copies of processors, random numbers, model state."""
