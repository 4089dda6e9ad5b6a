"""Who summarises and embeds: on this machine without a model, with one, or over the network."""
