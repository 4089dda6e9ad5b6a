"""What a person can ask of the platform, whatever the door."""
