"""`penstock users`: MLflow's users; a password comes from standard input or a prompt, never an argument."""

import sys

import click

from penstock.command.asked import as_json, desk, operator, table, tell
from penstock.people.person import Level
from penstock.services import people

LEVELS = [level.name for level in Level if level is not Level.NONE]


@click.group()
def users() -> None:
    """People who sign in: MLflow's own users (auth = "mlflow")."""


@users.command("list")
@as_json
def listed(*, is_json: bool) -> None:
    """List all users."""
    found = people.users(desk(), operator())
    rows = [(each.name, "administrator" if each.is_admin else "") for each in found]
    tell(found, table(("user", ""), rows), is_json=is_json)


@users.command()
@click.argument("name")
@click.option("--admin", is_flag=True, help="An administrator.")
@as_json
def add(name: str, *, admin: bool, is_json: bool) -> None:
    """Make a user; the password is asked for, or read from standard input."""
    made = people.make_user(desk(), operator(), name, _password(name), is_admin=admin)
    tell(made, [f"user '{name}' was made"], is_json=is_json)


@users.command()
@click.argument("name")
@as_json
def password(name: str, *, is_json: bool) -> None:
    """Give a user another password; their sessions end."""
    people.set_password(desk(), operator(), name, _password(name))
    tell({"user": name, "status": "changed"}, [f"user '{name}' has another password"], is_json=is_json)


@users.command()
@click.argument("name")
@as_json
def remove(name: str, *, is_json: bool) -> None:
    """Remove a user; their projects and models stay."""
    people.remove_user(desk(), operator(), name)
    tell({"user": name, "status": "removed"}, [f"user '{name}' was removed"], is_json=is_json)


@users.command()
@click.argument("project")
@click.argument("name")
@click.argument("level", type=click.Choice([*LEVELS, "NONE"], case_sensitive=False))
@as_json
def share(project: str, name: str, level: str, *, is_json: bool) -> None:
    """Give a user a level on a project, OWNER/NAME, and on all its models; NONE takes it away."""
    done = people.share(desk(), operator(), project, name, Level[level.upper()])
    tell(done, [f"user '{name}' has {done.level.name} on '{project}'"], is_json=is_json)


def _password(name: str) -> str:
    if sys.stdin.isatty():
        typed: str = click.prompt(f"Password of {name}", hide_input=True, confirmation_prompt=True, err=True)
        return typed
    return sys.stdin.readline().rstrip("\n")
