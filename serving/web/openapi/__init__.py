"""The gateway's OpenAPI description, made of its routing table."""
