"""What the platforms share that run exported graphs."""
