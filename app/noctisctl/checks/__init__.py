"""What is looked at, by subject; each check returns findings and changes nothing."""
