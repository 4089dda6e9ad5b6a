"""Moving model versions between stages, with a journal of every move.

    lease on the model -> observe what moved elsewhere -> move in the registry -> journal -> aliases

Dying after the registry's move and before the journal's entry leaves the move to be noticed by the next
observation, which journals it as external.
"""
