"""The report: one HTML file about a run, or the registry, without requests to a server."""
