"""Changes the release that a server runs: migrates, switches, checks, goes back by itself. Standard library only."""
