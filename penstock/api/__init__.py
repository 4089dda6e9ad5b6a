"""The platform API: every endpoint is a thin door over a service."""
