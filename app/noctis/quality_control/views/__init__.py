"""The pages of quality control and the inbox."""
