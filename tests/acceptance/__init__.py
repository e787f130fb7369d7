"""The whole journey: real processes, real peers, a real browser."""
