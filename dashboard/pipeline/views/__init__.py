"""From a desk's memory to its snapshot, one file a pane."""
