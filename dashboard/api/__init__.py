"""REST and WebSocket: everything the page knows, for programs too."""
