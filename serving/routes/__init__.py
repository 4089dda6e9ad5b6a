"""The command for routes: shows, checks, sets and clears them, and leads canaries.

flags or JSON -> checked against the registry -> tag -> journal; the gateway follows within its poll
"""
