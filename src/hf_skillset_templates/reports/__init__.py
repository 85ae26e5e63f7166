"""What is written from the registry and from runs: pages of documentation, the HTML report."""
