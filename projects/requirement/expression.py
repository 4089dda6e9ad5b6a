"""A business metric as an expression: parsed and checked, never run as Python.

    saved: sum(where(prediction == 1 and outcome == 0, MonthlyCharges, 0))
    conversion: mean(outcome == 'bought')

The names are `prediction`, `outcome`, `value` (the business value that came with the outcome) and the
features; one whose name is no identifier is written `features['monthly charges']`. Outside of `sum`, `mean`,
`count`, `share`, `least` and `most` an expression is about one row; the mean over the rows is taken if
nothing sums them up.
"""

import ast
from collections.abc import Iterable
from dataclasses import dataclass

from projects.errors import BadInput
from projects.hints import did_you_mean

OWN_NAMES = ("prediction", "outcome", "value")
FEATURES = "features"
OVER_ROWS = {"sum": (1, 1), "mean": (1, 1), "count": (0, 1), "share": (1, 1), "least": (1, 1), "most": (1, 1)}
OF_ONE_ROW = {"where": (3, 3), "abs": (1, 1), "min": (2, 8), "max": (2, 8), "round": (1, 2)}
"""Functions and how many arguments they take."""
FUNCTIONS = {**OVER_ROWS, **OF_ONE_ROW}
MOST_MARKS = 500
MOST_NODES = 200
ALLOWED = (
    ast.Expression, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Call, ast.Name, ast.Load,
    ast.Constant, ast.Subscript, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.USub,
    ast.UAdd, ast.Not, ast.And, ast.Or, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE,
)  # fmt: skip


@dataclass(frozen=True)
class Expression:
    """A checked expression.

    Attributes:
        text: As it was written.
        tree: Its syntax, of allowed nodes only.
        columns: The features that it reads.
        is_summed_up: Whether it gives one number for all rows by itself.
    """

    text: str
    tree: ast.Expression
    columns: tuple[str, ...]
    is_summed_up: bool


def parse_expression(text: str, *, name: str = "") -> Expression:
    """Parse and check a business metric.

    Args:
        text: The expression.
        name: What it is called, for the error.

    Raises:
        BadInput: It is no expression, or uses what is not allowed.
    """
    label = f"the business metric '{name}'" if name else f"the expression '{text:.60}'"
    if not text.strip() or len(text) > MOST_MARKS:
        raise BadInput(f"{label} must have from 1 to {MOST_MARKS} marks, not {len(text.strip())}; {EXAMPLE}")
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else str(error)
        raise BadInput(f"{label} is no expression: {reason}; {EXAMPLE}", code="bad_expression") from error
    nodes = list(ast.walk(tree))
    if len(nodes) > MOST_NODES:
        raise BadInput(f"{label} has {len(nodes)} parts, at most {MOST_NODES} are read; split it in two")
    for node in nodes:
        _check_node(node, label)
    _check_names(tree, label)
    return Expression(text.strip(), tree, _columns(tree), _level(tree.body, label))


EXAMPLE = "write it like 'sum(where(prediction == 1, MonthlyCharges, 0))'"


def check_columns(expression: Expression, columns: Iterable[str], *, name: str = "") -> None:
    """Refuse an expression that reads a column which there is not.

    Raises:
        BadInput: The name, with the nearest.
    """
    known = list(columns)
    for column in expression.columns:
        if column not in known:
            raise BadInput(
                f"the business metric '{name or expression.text}' reads '{column}', which is no column;"
                f" {did_you_mean(column, [*OWN_NAMES, *known])}",
                code="unknown_name",
            )


def _check_node(node: ast.AST, label: str) -> None:
    if not isinstance(node, ALLOWED):
        what = type(node).__name__
        raise BadInput(f"{label} may not hold {what}; {EXAMPLE}", code="bad_expression")
    if isinstance(node, ast.Constant) and not isinstance(node.value, str | int | float | bool):
        raise BadInput(f"{label} may not hold {node.value!r:.20}; use numbers, texts, True and False",
                       code="bad_expression")  # fmt: skip
    if isinstance(node, ast.Call):
        _check_call(node, label)
    if isinstance(node, ast.Subscript) and not _is_feature(node):
        raise BadInput(
            f"{label} may use brackets only as features['a column']; {EXAMPLE}", code="bad_expression"
        )


def _check_call(node: ast.Call, label: str) -> None:
    called = node.func.id if isinstance(node.func, ast.Name) else "that"
    if called not in FUNCTIONS:
        hint = did_you_mean(called, FUNCTIONS)
        raise BadInput(f"{label} calls '{called}', which is no function here; {hint}", code="unknown_name")
    least, most = FUNCTIONS[called]
    if node.keywords or not least <= len(node.args) <= most:
        wanted = f"{least}" if least == most else f"{least} to {most}"
        raise BadInput(f"{label}: {called} takes {wanted} values, not {len(node.args) + len(node.keywords)}",
                       code="bad_expression")  # fmt: skip


def _check_names(tree: ast.Expression, label: str) -> None:
    if any(isinstance(node, ast.Name) and node.id.startswith("_") for node in ast.walk(tree)):
        raise BadInput(f"{label} may not use names that begin with _; write features['_name']",
                       code="bad_expression")  # fmt: skip


def _is_feature(node: ast.Subscript) -> bool:
    named = isinstance(node.value, ast.Name) and node.value.id == FEATURES
    return named and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str)


def _columns(tree: ast.Expression) -> tuple[str, ...]:
    found: dict[str, None] = {}
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            found[str(node.slice.value)] = None
        elif isinstance(node, ast.Name) and id(node) not in called and node.id not in {*OWN_NAMES, FEATURES}:
            found[node.id] = None
    return tuple(found)


def _level(node: ast.AST, label: str) -> bool:
    """Whether a part gives one number for all rows; a part that mixes both levels is refused."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        inner = [_level(argument, label) for argument in node.args]
        if node.func.id in OVER_ROWS:
            if any(inner):
                raise BadInput(f"{label} sums up what is summed up already; use {node.func.id} once",
                               code="bad_expression")  # fmt: skip
            return True
        return _same(node.args, inner, label)
    if isinstance(node, ast.Name | ast.Constant | ast.Subscript):
        return False
    parts = [part for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr)]
    return _same(parts, [_level(part, label) for part in parts], label)


def _same(parts: list[ast.expr], levels: list[bool], label: str) -> bool:
    """Constants go with both levels; a row's value beside a sum does not."""
    if not any(levels):
        return False
    for part, is_summed_up in zip(parts, levels, strict=True):
        if not is_summed_up and not _is_constant(part):
            raise BadInput(
                f"{label} mixes a value of one row with a sum over all; put {ast.unparse(part)!r:.40} into"
                f" one of {', '.join(OVER_ROWS)}",
                code="bad_expression",
            )
    return True


def _is_constant(node: ast.AST) -> bool:
    return not any(isinstance(each, ast.Name) for each in ast.walk(node))
