"""Code that the platforms with exported graphs share."""
