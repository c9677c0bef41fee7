"""The parameters of a notebook: what its tagged cell allows, and texts made into its types.

papermill only warns of an unknown parameter and runs the defaults, so a misspelt name would pass
for the study that was asked for. Here it is an error before anything runs.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Any

from nbformat import NotebookNode

from ..registry import nearest

TAG = "parameters"


class ParameterError(ValueError):
    """Parameters that a notebook cannot run with; the message lists every problem at once."""


def parameter_cell(notebook: NotebookNode, name: str) -> NotebookNode:
    """The cell tagged `parameters`.

    name   : what to call the notebook in messages
    Errors : ParameterError when there is none, or more than one
    """
    cells = [cell for cell in notebook.cells if TAG in cell.metadata.get("tags", [])]
    if len(cells) != 1:
        raise ParameterError(
            f"{name} has {len(cells)} cells tagged {TAG!r} and needs one: in JupyterLab select the "
            f"cell that sets the parameters, open the property inspector and add the tag {TAG!r}"
        )
    return cells[0]


def default_parameters(notebook: NotebookNode, name: str) -> dict[str, Any]:
    """Names and default values that the cell tagged `parameters` assigns.

    Errors : ParameterError without such a cell, or when it holds more than literals
    """
    try:
        statements = ast.parse(parameter_cell(notebook, name).source).body
    except SyntaxError as error:
        raise ParameterError(f"the {TAG} cell of {name} is not Python: {error}") from None
    return dict(_assignment(statement, name) for statement in statements)


def _assignment(statement: ast.stmt, name: str) -> tuple[str, Any]:
    match statement:
        case ast.Assign(targets=[ast.Name(id=parameter)], value=value):
            pass
        case ast.AnnAssign(target=ast.Name(id=parameter), value=ast.expr() as value):
            pass
        case _:
            raise ParameterError(
                f"the {TAG} cell of {name} must hold lines like `threshold = 0.3` and nothing "
                f"else; it has `{ast.unparse(statement)}`"
            )
    try:
        return parameter, ast.literal_eval(value)
    except ValueError:
        raise ParameterError(
            f"the default of {parameter} in {name} must be a literal (a number, a text, True, "
            f"False, None or a list of these), not `{ast.unparse(value)}`"
        ) from None


def parse_parameters(
    given: Iterable[tuple[str, str]], defaults: dict[str, Any], name: str
) -> dict[str, Any]:
    """Given texts as values of the types of the defaults.

    Text for a text, also where the default is None; "true" or "false" for a bool; a Python literal
    for a list. Errors: ParameterError with every unknown name, repetition and wrong type.
    """
    values: dict[str, Any] = {}
    problems = []
    for parameter, text in given:
        if parameter not in defaults:
            near = nearest(parameter, list(defaults))
            hint = f"; did you mean {near}?" if near else ""
            problems.append(
                f"unknown parameter {parameter}{hint} Allowed: {', '.join(defaults) or 'none'}"
            )
        elif parameter in values:
            problems.append(f"parameter {parameter} is given twice")
        else:
            try:
                values[parameter] = typed(text, defaults[parameter])
            except ValueError as error:
                problems.append(f"parameter {parameter} must be {error}, not {text!r}")
    if problems:
        raise ParameterError("\n".join(f"{name}: {problem}" for problem in problems))
    return values


def typed(text: str, default: Any) -> Any:
    """A text as a value of the type of the default.

    Errors: ValueError whose message says what it must be, e.g. "an integer such as 3".
    """
    match default:
        case bool():
            if text.lower() in ("true", "false"):
                return text.lower() == "true"
            raise ValueError("true or false")
        case int() | float():
            kind = type(default)
            try:
                return kind(text)
            except ValueError:
                what = "an integer" if kind is int else "a number"
                raise ValueError(f"{what} such as {default!r}") from None
        case None:
            return None if text == "None" else text
        case str():
            return text
    kind = type(default)
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        value = None
    if not isinstance(value, kind):
        example = default or {list: ["a", "b"], tuple: ("a", "b"), dict: {"a": 1}}.get(kind, "")
        raise ValueError(f"a {kind.__name__} such as {example!r}")
    return value
