"""Tests of the options part."""
