"""What the modules of tasks share."""
