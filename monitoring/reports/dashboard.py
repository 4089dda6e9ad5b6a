"""What a model's project in the Evidently workspace shows first: a tab a variant, its figures over time."""

from typing import Any

Shown = tuple[str, str, dict[str, str]]
"""A metric of Evidently's, its name in the legend, and which of its values."""

_SHARE: Shown = ("DriftedColumnsCount", "share", {"value_type": "share"})
_ROWS: Shown = ("RowCount", "rows", {})
_DISTANCES: Shown = ("ValueDrift", "{{column}}", {})
_QUALITY: dict[bool, tuple[Shown, ...]] = {
    False: (("Accuracy", "accuracy", {}), ("F1Score", "f1", {}), ("RocAuc", "roc_auc", {})),
    True: (("MAE", "mae", {"value_type": "mean"}), ("RMSE", "rmse", {})),
}


def with_tab(dashboard: Any, variant: str, *, is_regression: bool) -> Any:
    """Evidently's dashboard with a tab on a variant; what people have made of it stays.

    Args:
        dashboard: Evidently's dashboard model.
        variant: Whose reports the tab tells of, whatever version answered as that variant.
        is_regression: Whether its quality is in errors of numbers.

    Returns:
        The dashboard, or None if it has such a tab. The panels name the variant too: Evidently's UI may show
        those of all tabs below each other.
    """
    from evidently.sdk.models import DashboardModel, DashboardTabModel
    from evidently.sdk.panels import counter_panel, line_plot_panel

    if variant in {tab.title for tab in dashboard.tabs}:
        return None
    panels = [
        counter_panel(f"{variant}: drifted columns", _values(variant, _SHARE), "newest report", "half"),
        counter_panel(f"{variant}: rows compared", _values(variant, _ROWS), "newest report", "half"),
        line_plot_panel(f"{variant}: share of drifted columns", _values(variant, _SHARE)),
        line_plot_panel(f"{variant}: distance of each column", _values(variant, _DISTANCES)),
        line_plot_panel(f"{variant}: quality", _values(variant, *_QUALITY[is_regression])),
    ]
    tab = DashboardTabModel(title=variant, panels=[panel.id for panel in panels])
    return DashboardModel(tabs=[*dashboard.tabs, tab], panels=[*dashboard.panels, *panels])


def _values(variant: str, *shown: Shown) -> list[Any]:
    from evidently.sdk.models import PanelMetric

    return [
        PanelMetric(metric=name, legend=legend, metric_labels=labels, metadata={"variant": variant})
        for name, legend, labels in shown
    ]
