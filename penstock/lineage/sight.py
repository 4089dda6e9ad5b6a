"""What of a chain a person may see: models by their own rights, all else by their project's."""

from dataclasses import dataclass, field

from penstock.desk import Desk
from penstock.people.person import Level, Person
from penstock.people.rights import Kind


@dataclass
class Sight:
    """One person's, for one question: each right is asked once.

    Args:
        desk: The desk.
        person: Whose.
    """

    desk: Desk
    person: Person
    _levels: dict[tuple[Kind, str], Level] = field(default_factory=dict)
    _projects: dict[str, str] = field(default_factory=dict)

    def sees_project(self, path: str, level: Level = Level.READ) -> bool:
        """Whether the person has a level on a project, `owner/name`."""
        if path not in self._projects:
            project = self.desk.projects.get(path)
            self._projects[path] = project.experiment_id if project else ""
        number = self._projects[path]
        return bool(number) and self.sees_experiment(number, level)

    def sees_experiment(self, number: str, level: Level = Level.READ) -> bool:
        """Whether the person has a level on an MLflow experiment, by its id."""
        return self._level("experiment", number) >= level

    def sees_model(self, name: str, level: Level = Level.READ) -> bool:
        """Whether the person has a level on a registered model."""
        return self._level("registered_model", name) >= level

    def _level(self, kind: Kind, name: str) -> Level:
        if (kind, name) not in self._levels:
            self._levels[kind, name] = self.desk.rights.level(self.person, kind, name)
        return self._levels[kind, name]
