"""Where frames, bars, readings and accounts are kept."""
