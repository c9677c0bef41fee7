"""What of a Python source decides what it does: its syntax tree without docstrings and comments.

Results and notebooks are made again when the code behind them changes, and not for a sentence in
it. Only the standard library is used, so that asking costs nothing.
"""

from __future__ import annotations

import ast
import hashlib

DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def bare(tree: ast.AST) -> ast.AST:
    """The tree without docstrings (comments are in no tree). Changes and returns its argument."""
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            del node.body[0]
    return tree


def code_digest(source: str) -> str:
    """SHA-256 of a source's bare syntax tree, in hexadecimal: equal for code that does the same.

    It holds within one version of Python, whose trees are like no other's. Errors: SyntaxError
    """
    return hashlib.sha256(ast.dump(bare(ast.parse(source))).encode()).hexdigest()
