"""Tests of what keeps a live day going."""
