"""The stage list: prepare, score, track, decide."""
