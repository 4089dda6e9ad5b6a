"""Every name of the face, and the module that it comes from."""

from collections.abc import Mapping

TEXT: Mapping[str, str] = {
    "AdaptiveFeatureExtractor": "projects.text.extractor",
    "AutoRetrainer": "projects.text.retrainer",
    "MLClassifier": "projects.text.classifier",
    "ProductionMonitor": "projects.text.production",
    "compare_extractors": "projects.text.old_and_new",
    "load_model_version": "projects.text.versions",
    "next_step": "projects.text.rollout",
    "route_at": "projects.text.rollout",
}
"""Text that is sorted into classes."""

CHURN: Mapping[str, str] = {
    "EmbeddingFactory": "projects.examples.churn.factories",
    "SummaryFactory": "projects.examples.churn.factories",
    "generate_embeddings": "projects.examples.churn.embeddings",
    "generate_summaries": "projects.examples.churn.summaries",
    "load_model_and_assets": "projects.examples.churn.export",
    "make_dataset": "projects.examples.churn.dataset",
    "predict_new_data": "projects.examples.churn.prediction",
    "prepare_features": "projects.examples.churn.features",
    "save_model_and_metadata": "projects.examples.churn.export",
    "train": "projects.examples.churn.fitting",
}
"""Churn with ticket notes, step by step."""

PLACES: Mapping[str, str] = {**TEXT, **CHURN}
