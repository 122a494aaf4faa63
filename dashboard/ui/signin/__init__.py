"""Sign-in: what stands before any visit of the page exists."""
