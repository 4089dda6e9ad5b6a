"""The classes that notebooks import, on the pipelines' own code."""
