"""Two servers: one on which site.yml ran to its end at once, and one on which it was killed again and again before."""
