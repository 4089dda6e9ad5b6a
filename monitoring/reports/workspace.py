"""An Evidently workspace that `evidently ui` opens: a project a model, its newest snapshots in it.

Files come into it by one rename each, so that neither a reader nor a killed monitor meets half of one. They
are written beside the workspace: Evidently's watcher sees what is moved in, and not what is moved within.
"""

import hashlib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from monitoring.lane import Lane

SNAPSHOTS, PROJECT, DASHBOARD = "snapshots", "metadata.json", "dashboard.json"
_STAGING = ".snapshot-"
_ABANDONED_S = 3600.0


def project_id(model: str) -> UUID:
    """The id of a model's project: the same wherever and by whomever it is asked."""
    return uuid5(NAMESPACE_URL, f"penstock:models/{model}")


def snapshot_id(lane: Lane, kind: str, made_s: float) -> UUID:
    """A snapshot's id (UUIDv8, RFC 9562): when it was made, then a hash of whose it is and of what kind.

    Ids of one lane and kind differ in their first group and a half alone, and are in the order of time.
    """
    whose = hashlib.blake2b("\0".join((*lane, kind)).encode(), digest_size=8).digest()
    tail = int.from_bytes(whose, "big") & (1 << 62) - 1
    return UUID(int=int(made_s * 1000) << 80 | 8 << 76 | 2 << 62 | tail)


@dataclass(frozen=True, slots=True)
class Workspace:
    """The workspace's folder, and how many snapshots of a lane and kind stay in it."""

    folder: Path
    kept: int

    def add(
        self, lane: Lane, kind: str, snapshot: Any, *, made_s: float, is_regression: bool = False
    ) -> None:
        """Put a snapshot into the model's project; the oldest of its lane and kind leave.

        Args:
            lane: Whose predictions it is of.
            kind: What it is about, such as `drift`.
            snapshot: Evidently's snapshot.
            made_s: When it was made, in seconds since 1970.
            is_regression: Whether the model answers numbers.

        Raises:
            OSError: The workspace cannot be written.
        """
        from evidently.sdk.models import ProjectModel
        from evidently.ui.workspace import Workspace as Evidently

        self.folder.mkdir(parents=True, exist_ok=True)
        self._sweep(made_s)
        project = ProjectModel(id=project_id(lane.model), name=lane.model)
        home = self.folder / str(project.id)
        with tempfile.TemporaryDirectory(prefix=_STAGING, dir=self.folder.parent) as staging:
            evidently, staged = Evidently.create(staging), Path(staging) / home.name
            evidently.add_project(project)
            written = evidently.add_run(project.id, snapshot).id
            (home / SNAPSHOTS).mkdir(parents=True, exist_ok=True)
            _show(evidently, staged, home, lane.variant, is_regression=is_regression)
            made = snapshot_id(lane, kind, made_s)
            (staged / SNAPSHOTS / f"{written}.json").rename(home / SNAPSHOTS / f"{made}.json")
        self._prune(home / SNAPSHOTS, made)

    def _sweep(self, now_s: float) -> None:
        """What a killed monitor left on the way into the workspace."""
        for left in self.folder.parent.glob(f"{_STAGING}*"):
            if now_s - left.stat().st_mtime > _ABANDONED_S:
                shutil.rmtree(left, ignore_errors=True)

    def _prune(self, folder: Path, newest: UUID) -> None:
        mine = sorted(folder.glob(f"*-8000-{str(newest)[19:]}.json"))
        for path in mine[: -self.kept]:
            path.unlink(missing_ok=True)


def _show(evidently: Any, staged: Path, home: Path, variant: str, *, is_regression: bool) -> None:
    """The variant's tab. A new project's own file comes last: with it the project is there."""
    from monitoring.reports.dashboard import with_tab

    if (home / DASHBOARD).exists():
        shutil.copyfile(home / DASHBOARD, staged / DASHBOARD)
    project = UUID(home.name)
    dashboard = with_tab(evidently.get_dashboard(project), variant, is_regression=is_regression)
    if dashboard is not None:
        evidently.save_dashboard(project, dashboard)
        (staged / DASHBOARD).replace(home / DASHBOARD)
    if not (home / PROJECT).exists():
        (staged / PROJECT).rename(home / PROJECT)
