import ast

import pytest

from emocam_utils.syntax import bare, code_digest

CODE = '''
"""What the module is for."""
import math

class Circle:
    """A circle."""
    def area(self, r):
        """Its area."""
        return math.pi * r ** 2  # r in pixels

async def wait():
    "Nothing else."
'''
COMMENTED = '''# a licence

import math
class Circle:
    """Another sentence.

    And a longer one."""

    def area(
        self, r,
    ):
        # the well-known formula
        return (math.pi * r ** 2)
async def wait(): "Less."
'''


def test_docstrings_comments_and_layout_do_not_count():
    assert code_digest(CODE) == code_digest(COMMENTED)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("** 2", "** 3"),
        ("import math", "import cmath as math"),
        ("def area(self, r)", "def area(self, r=1)"),
        ("class Circle", "@final\nclass Circle"),
        ("return math", 'r = "a text that is no docstring"\n        return math'),
    ],
)
def test_code_counts(before, after):
    assert before in CODE
    assert code_digest(CODE.replace(before, after)) != code_digest(CODE)


def test_a_text_that_is_no_docstring_stays():
    tree = bare(ast.parse('x = 1\n"a text after code"\nf"formatted {x}"'))
    assert len(tree.body) == 3


def test_what_is_not_python_is_said():
    with pytest.raises(SyntaxError):
        code_digest("def (")
