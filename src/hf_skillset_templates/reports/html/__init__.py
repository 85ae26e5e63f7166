"""The report: one HTML file that shows a run, or the registry, and asks no server for anything."""
