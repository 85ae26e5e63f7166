"""Code that the task modules share."""
