"""The command line `tezi`, one file a command."""
