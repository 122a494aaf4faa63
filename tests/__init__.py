"""Tests of Tezi."""
