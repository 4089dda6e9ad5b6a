"""The way from the platform to the gateway: who is called, as whom, and what its answers mean."""
