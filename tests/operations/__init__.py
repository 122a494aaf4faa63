"""Tests of the operations part."""
