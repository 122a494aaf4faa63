"""From snapshots and stored days to the documents that answers hold, without HTTP."""
