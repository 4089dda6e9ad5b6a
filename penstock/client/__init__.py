"""Small clients of the gateway and of the platform API, for programs of other teams."""
