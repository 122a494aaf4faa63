"""Tests of the notebook-facing part."""
