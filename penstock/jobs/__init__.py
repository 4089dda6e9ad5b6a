"""Jobs: queued fairly, worked off within limits, cancelled wholly, never lost nor doubled."""
