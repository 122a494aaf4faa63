"""Stored days as tables: read batch by batch, written as CSV, Parquet or Arrow."""
