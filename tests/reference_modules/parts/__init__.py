"""What the modules share."""
