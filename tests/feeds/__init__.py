"""Tests of the feeds part."""
