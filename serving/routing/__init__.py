"""How a registered model's traffic is split: routes, and the assignment of users to variants."""
