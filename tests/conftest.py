"""One thread for each test, nothing written into the repository, the same examples every time."""

import os
import shutil
import sys
import tempfile

# Before anything imports torch or `paths`: the machine may be shared, and the tree stays as it is.
for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"
os.environ["MPLBACKEND"] = "Agg"
SCRATCH = tempfile.mkdtemp(prefix="emocam-tests-")
os.environ["EMOCAM_RESULTS"] = f"{SCRATCH}/results"
os.environ["EMOCAM_FIGURES"] = f"{SCRATCH}/figures"

import pytest  # noqa: E402  (after the environment is set)
from hypothesis import settings  # noqa: E402

settings.register_profile("emocam", deadline=None, derandomize=True)
settings.load_profile("emocam")


def pytest_sessionfinish() -> None:
    shutil.rmtree(SCRATCH, ignore_errors=True)


@pytest.fixture
def without_yunet(monkeypatch, tmp_path):
    """Faces are found by OpenCV's cascade, whatever `make data` has fetched here."""
    from emocam_utils.corpora import face_finding

    monkeypatch.setattr(face_finding, "YUNET", tmp_path / "no yunet.onnx")


@pytest.fixture
def tiny_yunet(monkeypatch, tmp_path):
    """Faces are found by a network that takes each bright cell of 8 pixels for one."""
    from tiny_onnx import write_yunet

    from emocam_utils.corpora import face_finding

    path = write_yunet(tmp_path / "yunet.onnx")
    monkeypatch.setattr(face_finding, "YUNET", path)
    return path


@pytest.fixture(autouse=True)
def no_figure_left_open():
    """A test that looks at open figures sees its own only."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
