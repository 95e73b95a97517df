"""Training: the loop, the run around it, their settings, checks and files."""
