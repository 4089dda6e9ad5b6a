"""Every name of the face, and the module that it comes from."""

from collections.abc import Mapping

TEXT: Mapping[str, str] = {
    "AdaptiveFeatureExtractor": "projects.text.extractor",
    "AutoRetrainer": "projects.text.retrainer",
    "MLClassifier": "projects.text.classifier",
    "ProductionMonitor": "projects.text.production",
    "load_model_version": "projects.text.versions",
}
"""Text that is sorted into classes."""

PLACES: Mapping[str, str] = {**TEXT}
