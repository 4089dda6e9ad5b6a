import ast
from pathlib import Path

from penstock.audit.actions import ACTIONS

FACE = Path(__file__).parents[4] / "penstock"


def events(path):
    """The actions of all events that a module makes; of one that is put together, its beginning."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        name = getattr(getattr(node, "func", None), "id", "")
        if name == "Event" and isinstance(node, ast.Call) and node.args:
            first = node.args[0].values[0] if isinstance(node.args[0], ast.JoinedStr) else node.args[0]
            if isinstance(first, ast.Constant):
                yield first.value, first is node.args[0]


def is_known(action, is_whole):
    return action in ACTIONS if is_whole else any(each.startswith(action) for each in ACTIONS)


def test_every_event_is_a_known_action():
    found = {(path.name, *event) for path in FACE.rglob("*.py") for event in events(path)}
    assert {("datasets.py", "dataset.upload", True), ("training.py", "model.", False)} <= found
    assert [each for each in sorted(found) if not is_known(*each[1:])] == []


def constants(path):
    """Every text of a module, and each action that an f-string and another of its texts make together."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) if str(node.value)}
    return texts | {f"{begin}{text}" for begin, is_whole in events(path) if not is_whole for text in texts}


def test_every_action_is_somebodys():
    modules = [path for path in FACE.rglob("*.py") if path.name != "actions.py"]
    assert sorted(set(ACTIONS) - set().union(*map(constants, modules))) == []
