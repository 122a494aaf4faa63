"""What `tezi bench` measures, one file a subject; every figure of a run is a `Figure`."""
