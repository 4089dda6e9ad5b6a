"""What the monitor found, for the platform: its closed windows, its newest checks, verdicts in a sentence."""
