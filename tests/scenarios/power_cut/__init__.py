"""Two servers: one on which site.yml ran to its end, and one on which it was killed again and again before."""
