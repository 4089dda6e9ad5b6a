"""Named, versioned definitions of features in the tracking store, and what they held in each training."""
