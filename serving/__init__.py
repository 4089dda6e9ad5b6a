"""Online: a request goes to a route, a variant and a scorer; every prediction goes on the log."""
