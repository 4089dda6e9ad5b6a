"""Projects in the database without an experiment of their own."""

from penstock.records.project import Project, ProjectStore


def kept(store: ProjectStore, project: Project) -> Project:
    """A project as it is once it has been made."""
    assert store.finish(project, store.begin(project))
    return project
