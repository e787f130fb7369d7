"""Tests of what starts, builds and tests Noctis."""
