"""Where frames come from: the wire format, generated markets, tapes and imported files."""
