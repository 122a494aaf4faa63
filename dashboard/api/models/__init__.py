"""What answers look like, for OpenAPI."""
