"""The schema's history, one file a step; `storage.schema` runs what is missing."""
