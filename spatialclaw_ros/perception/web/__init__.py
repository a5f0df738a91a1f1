"""The engine server behind HTTP, and its client."""
