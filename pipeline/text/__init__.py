"""Texts: normalising, languages, sentences, words, redaction."""
