"""The one store of API keys: who may call what, kept in Penstock's database."""
