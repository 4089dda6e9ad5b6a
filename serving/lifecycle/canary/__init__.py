"""A new version takes over a route's traffic in steps, each earned by what the gateway has counted since.

lease on the route -> what is there now -> counts since the last step -> judgement -> share, journal, state
"""
