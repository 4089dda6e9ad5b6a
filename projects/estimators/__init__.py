"""Neural nets as scikit-learn estimators: PyTorch fits them, numpy alone answers."""
