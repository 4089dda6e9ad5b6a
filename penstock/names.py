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

SDK: Mapping[str, str] = {
    "DataPreparation": "penstock.sdk.preparation",
    "ModelDeployment": "penstock.sdk.deployment",
    "ModelEvaluator": "penstock.sdk.evaluation",
    "ModelSelector": "penstock.sdk.selection",
    "TrainingDashboard": "penstock.sdk.training",
}
"""Tables in a notebook, from cleaning to a version in production."""

CLIENTS: Mapping[str, str] = {
    "ClientError": "penstock.client.errors",
    "PlatformClient": "penstock.client.platform",
    "PredictionClient": "penstock.client.predictions",
}
"""Programs that call the gateway or the platform API."""

PLACES: Mapping[str, str] = {**SDK, **CLIENTS, **TEXT, **CHURN}
