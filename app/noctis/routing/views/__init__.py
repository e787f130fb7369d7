"""The pages: sending, progress, rules."""
