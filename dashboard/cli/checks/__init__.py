"""What `tezi doctor` looks at, one file a subject; each check returns a `Finding`."""
