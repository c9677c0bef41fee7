"""What makes a result anew and what does not: code, options, files."""

import functools
import importlib
import itertools
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from emocam_utils.cams import CAMS, build_cam
from emocam_utils.detectors import DETECTORS
from emocam_utils.networks import NETWORKS
from emocam_utils.pipeline.code import _definitions, code_hash, code_parts, file_hash
from emocam_utils.pipeline.importance import SCORES
from emocam_utils.pipeline.keys import recipe, row_hashes
from emocam_utils.study import ModelSpec

PLUGIN = '''
"""A plug-in in a file of its own."""
import numpy as np
from {helper} import helped, unused
LIMIT = 3
def other():
    return 0
def build(x: int = 1) -> int:
    """Says what it does."""
    return helped(x) + LIMIT  # adds
class Net:
    def features(self):
        return build(2)
'''
HELPER = """
TABLE = {"a": (1, 2), "b": [len]}
def helped(x):
    return inner(x) * TABLE["a"][0]
def inner(x):
    return x
def unused(x):
    return x
"""
NUMBER = itertools.count()


@pytest.fixture
def edited(tmp_path, monkeypatch):
    """A function: (edit of the plug-in, edit of its helper) -> the module, fresh from its files."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(plugin=("", ""), helper=("", "")):
        for old, text in ((plugin[0], PLUGIN), (helper[0], HELPER)):
            assert old in text
        number = next(NUMBER)
        names = f"edited_plugin_{number}", f"edited_helper_{number}"
        code = PLUGIN.replace(*plugin) if plugin[0] else PLUGIN
        (tmp_path / f"{names[0]}.py").write_text(code.replace("{helper}", names[1]))
        (tmp_path / f"{names[1]}.py").write_text(HELPER.replace(*helper) if helper[0] else HELPER)
        importlib.invalidate_caches()
        module = importlib.import_module(names[0])
        return module, number

    yield make
    for name in [name for name in sys.modules if name.startswith("edited_")]:
        del sys.modules[name]


def anonymous(module, number, thing="build"):
    """The parts behind a thing without the number in the names of its modules."""
    parts = code_parts(getattr(module, thing))
    return {name.replace(f"_{number}", ""): text for name, text in parts.items()}


@pytest.mark.parametrize(
    ("plugin", "helper"),
    [
        (("# adds", "# adds up"), ("", "")),
        (("Says what it does.", "Says something else."), ("", "")),
        (("A plug-in in", "The plug-in in"), ("", "")),
        (("x: int = 1) -> int", "x = 1)"), ("", "")),
        (("    return 0", "    return 5"), ("", "")),
        (("", ""), ("def unused(x):\n    return x", "def unused(x):\n    return x + 1")),
    ],
    ids=["comment", "docstring", "head", "annotation", "other function", "helper's other function"],
)
def test_a_sentence_or_code_elsewhere_changes_nothing(edited, plugin, helper):
    assert anonymous(*edited()) == anonymous(*edited(plugin, helper))


@pytest.mark.parametrize(
    ("plugin", "helper"),
    [
        (("+ LIMIT", "- LIMIT"), ("", "")),
        (("LIMIT = 3", "LIMIT = 4"), ("", "")),
        (("x: int = 1", "x: int = 2"), ("", "")),
        (("", ""), ("return inner(x) *", "return inner(x) +")),
        (("", ""), ("def inner(x):\n    return x", "def inner(x):\n    return -x")),
        (("", ""), ('"a": (1, 2)', '"a": (1, 3)')),
    ],
    ids=["code", "constant", "default", "helper", "helper's helper", "table"],
)
@pytest.mark.parametrize("thing", ["build", "Net"])
def test_code_that_is_reached_counts(edited, thing, plugin, helper):
    before, after = anonymous(*edited(), thing), anonymous(*edited(plugin, helper), thing)
    assert before != after


def test_code_of_a_notebook_counts_with_what_it_calls(tmp_path):
    """Functions defined in `__main__`, whose source is in cells."""
    import linecache

    def cell(text):
        name = f"<cell {next(NUMBER)}>"
        linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
        space = {"__name__": "__main__"}
        exec(compile(text, name, "exec"), space)
        return space

    one = cell("def inner(x):\n    return x\n\ndef cam(h, f, t):\n    return inner(f)\n")
    same = cell(
        "def inner(x):\n    # of x\n    return x\n\ndef cam(h, f, t):\n    return inner(f)\n"
    )
    other = cell("def inner(x):\n    return -x\n\ndef cam(h, f, t):\n    return inner(f)\n")
    assert code_hash(one["cam"]) == code_hash(same["cam"]) != code_hash(other["cam"])


def test_lambdas_partials_methods_and_wrapped_functions_are_followed():
    def base(x, y):
        return x - y

    cached = functools.lru_cache(base)
    assert code_parts(cached) == code_parts(base)
    assert code_hash(functools.partial(base, 1)) != code_hash(functools.partial(base, 2))
    assert code_hash(lambda x: x + 1) != code_hash(lambda x: x + 2)

    def adding(k):
        return lambda x: x + k

    assert code_hash(adding(1)) != code_hash(adding(2)), "what a closure holds"
    assert any("GradCam" in name for name in code_parts(build_cam("gradcam").__call__))


def test_versions_count_of_packages_that_the_code_names():
    parts = code_parts(SCORES["mean"])
    assert parts["numpy"] == np.__version__
    assert "torch" not in parts


REGISTERED = [
    pytest.param(registry[name], id=f"{registry.kind}-{name}")
    for registry in (CAMS, NETWORKS, DETECTORS, SCORES)
    for name in registry
]


@pytest.mark.parametrize("thing", REGISTERED)
def test_every_registered_plugin_has_a_hash_of_its_own_code(thing):
    parts = code_parts(thing)
    own = thing.func if isinstance(thing, functools.partial) else thing
    assert any(own.__qualname__.split(".")[0] in name for name in parts)
    assert code_hash(thing) == code_hash(thing)
    assert not any(" at 0x" in text for text in parts.values()), "an address changes every time"
    assert not any("pandas" in name or "matplotlib" in name for name in parts)


def test_a_plugin_does_not_reach_its_neighbours():
    """A change in LIME makes no new Grad-CAM."""
    reached = " ".join(code_parts(CAMS["gradcam"]))
    assert "lime" not in reached and "relevance" not in reached and "mini_xception" not in reached


def test_definitions_are_found_in_the_package_without_their_docstrings():
    found = _definitions("emocam_utils.pipeline.code")
    assert {"code_hash", "_Walk"} <= set(found)
    assert not any(getattr(node, "returns", None) for node in found.values())


# ------------------------------------------------------------------------------------ ingredients


@dataclass(frozen=True)
class Method:
    name: str = "m"
    samples: int = 3

    def __call__(self):
        return self.samples


def test_recipes_are_equal_for_equal_ingredients_only(tmp_path):
    file = tmp_path / "a"
    file.write_text("1")
    one = recipe("maps", np.abs, weights=file, method=Method(), n=[1, (2.5, None)])
    again = recipe("maps", np.abs, n=[1, (2.5, None)], method=Method(), weights=file)
    assert one.key == again.key
    assert one.key.startswith("maps-")
    others = [
        recipe("boxes", np.abs, weights=file, method=Method(), n=[1, (2.5, None)]),
        recipe("maps", np.abs, weights=file, method=Method(samples=4), n=[1, (2.5, None)]),
        recipe("maps", np.abs, weights=file, method=Method(), n=[1, (2.5, 0)]),
        recipe("maps", row_hashes, weights=file, method=Method(), n=[1, (2.5, None)]),
        recipe("maps", np.abs, weights=tmp_path / "none", method=Method(), n=[1, (2.5, None)]),
    ]
    file.write_text("2")
    others.append(recipe("maps", np.abs, weights=file, method=Method(), n=[1, (2.5, None)]))
    assert len({other.key for other in others} | {one.key}) == 7


def test_an_upstream_recipe_is_part_of_what_reads_it():
    boxes = [recipe("boxes", confidence=c) for c in (0.1, 0.2)]
    assert recipe("importance", boxes=boxes[0]).key != recipe("importance", boxes=boxes[1]).key


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(
        TypeError, match=r"maps.thing: <object .* cannot be compared .* a dataclass"
    ):
        recipe("maps", thing=object())


def test_a_file_behind_an_option_counts_by_its_content(tmp_path):
    names = tmp_path / "names.txt"
    names.write_text("Dog")
    spec = ModelSpec(name="yolo", options={"names": str(names), "iou": 0.5})
    before = recipe("boxes", spec=spec).key
    names.write_text("Cat")
    assert recipe("boxes", spec=spec).key != before


def test_file_hash_follows_content_names_and_folders(tmp_path):
    assert file_hash(None) == file_hash(tmp_path / "none") == "none"
    (tmp_path / "a").write_text("1")
    one = file_hash(tmp_path)
    (tmp_path / "a").rename(tmp_path / "b")
    two = file_hash(tmp_path)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "c").write_text("")
    assert len({one, two, file_hash(tmp_path)}) == 3


def test_rows_of_an_image_count_for_that_image_whatever_their_index():
    table = pd.DataFrame({"image": ["a", "a", "b"], "x0": [1.0, 2.0, 3.0]})
    hashes = row_hashes(table)
    assert row_hashes(table.set_index(np.array([7, 8, 9]))) == hashes
    changed = row_hashes(table.assign(x0=[1.0, 2.5, 3.0]))
    assert changed["a"] != hashes["a"] and changed["b"] == hashes["b"]


def test_only_keys_makes_a_hash_of_code():
    """One place decides what a result depends on."""
    package = Path(sys.modules["emocam_utils"].__file__).parent
    asking = {
        file.relative_to(package).as_posix()
        for file in package.rglob("*.py")
        if "inspect.getsource(" in file.read_text()
    }
    assert asking == {"pipeline/code.py"}


def test_an_edited_file_that_is_loaded_again_counts_anew(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    file = tmp_path / "edited_again.py"
    file.write_text("def cam(h, f, t):\n    return f\n")
    module = importlib.import_module("edited_again")
    before = code_hash(module.cam)
    file.write_text("def cam(h, f, t):\n    return -f\n")
    os.utime(file, (1, 1))
    assert code_hash(importlib.reload(module).cam) != before
    del sys.modules["edited_again"]


def test_a_class_of_a_notebook_is_found_in_its_cell(tmp_path):
    script = tmp_path / "cells.py"
    script.write_text(
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "from emocam_utils.pipeline.code import code_hash\n"
        "shell, hashes = InteractiveShell.instance(), []\n"
        "for sign in ('', '', '-'):\n"
        "    cell = f'class Net:\\n    def features(self, x):\\n        return {sign}x\\n'\n"
        "    shell.run_cell(cell, store_history=True).raise_error()\n"
        "    hashes.append(code_hash(shell.user_ns['Net']))\n"
        "assert hashes[0] == hashes[1] != hashes[2], hashes\n"
    )
    run = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-1500:]


VALUES = """
import collections, enum, functools
import numpy as np
import torch
Point = collections.namedtuple("Point", "x y")
class Way(enum.Enum):
    UP = 1
    DOWN = 2
class Plain:
    def __init__(self, x):
        self.x = x
    def method(self):
        return self.x
THING = {value}
def cam(h, f, t):
    return THING
"""
PAIRS = {
    "tensor": ("torch.arange(3000)", "torch.cat([torch.arange(2999), torch.tensor([7])])"),
    "shape": ("np.zeros((2, 3))", "np.zeros((3, 2))"),
    "named tuple": ("Point(1, 2)", "Point(1, 3)"),
    "enumeration": ("Way.UP", "Way.DOWN"),
    "object": ("Plain(1)", "Plain(2)"),
    "method of an object": ("Plain(1).method", "Plain(2).method"),
    "names of arguments": ("functools.partial(int, a=1)", "functools.partial(int, b=1)"),
    "set": ("{'a', 'b'}", "{'a', 'c'}"),
    "lambda": ("lambda x: x in {'a', 'b'}", "lambda x: x in {'a', 'c'}"),
}


@pytest.mark.parametrize("kind", PAIRS)
def test_values_that_code_holds_count_and_are_the_same_in_every_process(kind, tmp_path):
    one, two = PAIRS[kind]
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); import holder; "
        "from emocam_utils.pipeline.code import code_hash; print(code_hash(holder.cam))"
    )
    hashes = []
    for value in (one, one, two):
        (tmp_path / "holder.py").write_text(VALUES.replace("{value}", value))
        command = [sys.executable, "-B", "-c", script, str(tmp_path)]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stderr[-1500:]
        hashes.append(run.stdout.strip())
    assert hashes[0] == hashes[1] != hashes[2]
