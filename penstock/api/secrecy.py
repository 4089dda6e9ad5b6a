"""Answers that hold a secret: nobody keeps them, and no repeated request is answered with them."""

SECRET = {"Cache-Control": "no-store"}
"""Their headers."""
