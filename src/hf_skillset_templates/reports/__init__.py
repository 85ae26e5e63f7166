"""Pages that are written from the registry and from runs: documentation, the HTML report."""
