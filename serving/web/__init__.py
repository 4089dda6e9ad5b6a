"""The gateway's doors over HTTP, as a raw ASGI application."""
