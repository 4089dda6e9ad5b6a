"""A business metric as the policy holds it: parsed and checked again, since a policy may be edited.

The grammar is that of the requirement: one Python expression over `prediction`, `outcome`, `value` and the
features, of arithmetic, comparisons, `and`, `or`, `not`, a choice and a few functions. It is never run as
Python.
"""

import ast
import difflib
import sys
from dataclasses import dataclass

OWN_NAMES = ("prediction", "outcome", "value")
FEATURES = "features"
OVER_ROWS = {"sum": (1, 1), "mean": (1, 1), "count": (0, 1), "share": (1, 1), "least": (1, 1), "most": (1, 1)}
OF_ONE_ROW = {"where": (3, 3), "abs": (1, 1), "min": (2, 8), "max": (2, 8), "round": (1, 2)}
"""Functions and how many arguments they take."""
FUNCTIONS = {**OVER_ROWS, **OF_ONE_ROW}
MOST_MARKS = 500
MOST_NODES = 200
LARGEST = sys.float_info.max
ALLOWED = (
    ast.Expression, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Call, ast.Name, ast.Load,
    ast.Constant, ast.Subscript, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.USub,
    ast.UAdd, ast.Not, ast.And, ast.Or, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE,
)  # fmt: skip


class ExpressionError(ValueError):
    """The expression cannot be used; the message says why, without naming it."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked expression.

    Attributes:
        tree: Its syntax, of allowed nodes only.
        names: What it reads: of `prediction`, `outcome`, `value`.
        columns: The features that it reads.
        is_summed_up: Whether it gives one number for all rows by itself.
    """

    tree: ast.expr
    names: frozenset[str]
    columns: tuple[str, ...]
    is_summed_up: bool


def parse(text: str) -> Expression:
    """Parse and check.

    Raises:
        ExpressionError: It is no expression, or uses what is not allowed.
    """
    stripped = text.strip()
    if not stripped or len(text) > MOST_MARKS:
        raise ExpressionError(f"must have from 1 to {MOST_MARKS} marks, not {len(stripped)}")
    try:
        tree = ast.parse(stripped, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else str(error)
        raise ExpressionError(f"is no expression: {reason}") from error
    nodes = list(ast.walk(tree))
    if len(nodes) > MOST_NODES:
        raise ExpressionError(f"has {len(nodes)} parts, at most {MOST_NODES} are read; split it in two")
    for node in nodes:
        _check(node)
    called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    names = [node.id for node in nodes if isinstance(node, ast.Name) and id(node) not in called]
    plain = [name for name in names if name not in (*OWN_NAMES, FEATURES)]
    quoted = [str(node.slice.value) for node in nodes
              if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant)]  # fmt: skip
    columns = tuple(dict.fromkeys([*plain, *quoted]))
    return Expression(tree.body, frozenset(names) & frozenset(OWN_NAMES), columns, _is_summed_up(tree.body))


def is_feature(node: ast.AST) -> bool:
    """Whether a node is `features['a column']`."""
    return (
        isinstance(node, ast.Subscript)
        and isinstance(node.value, ast.Name)
        and node.value.id == FEATURES
        and isinstance(node.slice, ast.Constant)
        and isinstance(node.slice.value, str)
    )


def _check(node: ast.AST) -> None:
    if not isinstance(node, ALLOWED):
        raise ExpressionError(f"may not hold {type(node).__name__}")
    if isinstance(node, ast.Constant) and not isinstance(node.value, str | int | float | bool):
        raise ExpressionError(f"may not hold {node.value!r:.20}; use numbers, texts, True and False")
    if isinstance(node, ast.Constant) and isinstance(node.value, int) and abs(node.value) > LARGEST:
        raise ExpressionError("holds a number that is too large")
    if isinstance(node, ast.Subscript) and not is_feature(node):
        raise ExpressionError("may use brackets only as features['a column']")
    if isinstance(node, ast.Name) and node.id.startswith("_"):
        raise ExpressionError("may not use names that begin with _; write features['_name']")
    if isinstance(node, ast.Call):
        _check_call(node)


def _check_call(node: ast.Call) -> None:
    called = node.func.id if isinstance(node.func, ast.Name) else "that"
    if called not in FUNCTIONS:
        near = difflib.get_close_matches(called, FUNCTIONS, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(FUNCTIONS)}"
        raise ExpressionError(f"calls '{called}', which is no function here; {hint}")
    least, most = FUNCTIONS[called]
    if node.keywords or not least <= len(node.args) <= most:
        wanted = f"{least}" if least == most else f"{least} to {most}"
        raise ExpressionError(f"{called} takes {wanted} values, not {len(node.args) + len(node.keywords)}")


def _is_summed_up(node: ast.AST) -> bool:
    """Whether a part gives one number for all rows; a part that mixes both levels is refused."""
    if isinstance(node, ast.Name | ast.Constant | ast.Subscript):
        return False
    parts = node.args if isinstance(node, ast.Call) else list(ast.iter_child_nodes(node))
    parts = [part for part in parts if isinstance(part, ast.expr)]
    levels = [_is_summed_up(part) for part in parts]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in OVER_ROWS:
        if any(levels):
            raise ExpressionError(f"sums up what is summed up already; use {node.func.id} once")
        return True
    for part, level in zip(parts, levels, strict=True):
        if any(levels) and not level and any(isinstance(each, ast.Name) for each in ast.walk(part)):
            raise ExpressionError(
                f"mixes a value of one row with a sum over all; put {ast.unparse(part)!r:.40} into one of"
                f" {', '.join(OVER_ROWS)}"
            )
    return any(levels)
