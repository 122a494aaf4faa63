"""Tests of the signals part."""
