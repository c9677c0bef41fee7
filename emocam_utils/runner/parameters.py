"""The parameters of a notebook: what its tagged cell allows, and texts made into its types.

papermill only warns of an unknown parameter and runs the defaults, so a misspelt name would pass
for the study that was asked for. Here it is an error before anything runs. (Its own reading of
the tagged cell takes a second to import, and leaves the values as source.)
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Any

from ..registry import nearest
from ..study import Study

TAG = "parameters"


class ParameterError(ValueError):
    """Parameters that a notebook cannot run with; the message lists every problem at once."""


def default_parameters(cells: list[dict[str, Any]], name: str) -> dict[str, Any]:
    """Names and default values that the cell tagged `parameters` assigns.

    name   : what to call the notebook in messages
    Errors : ParameterError without one such cell, or when it holds more than literals
    """
    tagged = [c["source"] for c in cells if TAG in c["metadata"].get("tags", [])]
    if len(tagged) != 1:
        raise ParameterError(
            f"{name} has {len(tagged)} cells tagged {TAG!r} and needs one: in JupyterLab select "
            f"the cell that sets the parameters, open the property inspector and add the tag"
        )
    defaults, statement = {}, None
    try:
        for statement in ast.parse(tagged[0]).body:
            match statement:
                case ast.Assign(targets=[ast.Name(id=parameter)], value=value):
                    defaults[parameter] = ast.literal_eval(value)
                case ast.AnnAssign(target=ast.Name(id=parameter), value=ast.expr() as value):
                    defaults[parameter] = ast.literal_eval(value)
                case _:
                    raise ValueError
    except SyntaxError as error:
        raise ParameterError(f"the {TAG} cell of {name} is not Python: {error}") from None
    except ValueError:
        raise ParameterError(
            f"the {TAG} cell of {name} must hold lines like `threshold = 0.3` and nothing else, "
            f"with a number, a text, True, False, None or a list of these; it has "
            f"`{ast.unparse(statement)}`"
        ) from None
    return defaults


def parse_parameters(
    given: Iterable[tuple[str, str]], defaults: dict[str, Any], name: str
) -> dict[str, Any]:
    """Given texts as values of the types of the defaults (see `typed`).

    Errors: ParameterError with every unknown name, repetition and wrong type
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

    Text for a text, also where the default is None; "true" or "false" for a bool; a Python literal
    for a list. Errors: ValueError whose message says what it must be, e.g. "an int such as 3".
    """
    if isinstance(default, str) or (default is None and text != "None"):
        return text
    kind = type(default)
    try:
        if kind in (int, float):
            return kind(text)
        value = ast.literal_eval(text.capitalize() if kind is bool else text)
        if isinstance(value, kind) and (kind is not bool or text.lower() in ("true", "false")):
            return value
    except (ValueError, SyntaxError):
        pass
    if kind is bool:
        raise ValueError("true or false")
    example = default or {list: ["a", "b"], tuple: ("a", "b"), dict: {"a": 1}}.get(kind, default)
    raise ValueError(f"{'an' if kind is int else 'a'} {kind.__name__} such as {example!r}")


def changed(parameters: dict[str, Any], defaults: dict[str, Any], study: Study) -> dict[str, Any]:
    """The given parameters that make a run an experiment, whose figures are not the study's."""
    published = {**defaults, "study": study.base, "images": parameters.get("images")}
    if parameters.get("limit") == study.corpus.limit:
        published["limit"] = study.corpus.limit
    return {name: value for name, value in parameters.items() if value != published[name]}
