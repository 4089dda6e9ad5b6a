"""What the gateway knows of the registry: one worker polls, all workers follow its snapshot."""
