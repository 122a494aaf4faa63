"""Tests of the ui part."""
