"""The administration pages; every one is for administrators alone."""
