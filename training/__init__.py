"""Offline work: corpora in, model versions and reports out."""
