"""Penstock's own tables from version to version, by Alembic."""
