"""Where the work is done: this machine, or a Dask cluster."""
