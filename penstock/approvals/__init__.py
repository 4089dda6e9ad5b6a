"""Promotions that a second person must agree to."""
