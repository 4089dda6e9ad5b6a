"""A version becomes a folder of code and files that needs no Penstock."""
