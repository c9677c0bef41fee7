"""A Jupyter server, JupyterLab or Voila, that only this machine reaches."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from emocam_utils import paths


@contextlib.contextmanager
def served(
    notebook: Path, module: str, options: list[str], port_option: str, answers: str
) -> Iterator[str]:
    """A Jupyter server of a notebook's folder while the block runs; its address.

    answers : what of it is there once it is ready
    """
    port, state = _free_port(), notebook.parent / ".jupyter"
    command = [sys.executable, "-m", module, "--no-browser", f"{port_option}={port}", *options]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(paths.ROOT), *sys.path]),
        "JUPYTER_CONFIG_DIR": str(state / "config"),
        "JUPYTER_RUNTIME_DIR": str(state / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(state / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(state / "workspaces"),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    }
    environment.pop("EMOCAM_HEADLESS", None)
    with (notebook.parent / f"{module}.log").open("w+") as log:
        server = subprocess.Popen(
            command, env=environment, stdout=log, stderr=log, cwd=notebook.parent
        )
        try:
            _wait_for(f"http://127.0.0.1:{port}{answers}", server, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(timeout=60)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def _wait_for(address: str, server: subprocess.Popen, log, seconds: float = 180) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert server.poll() is None, f"the server ended:\n{Path(log.name).read_text()[-2000:]}"
        try:
            with urllib.request.urlopen(address, timeout=10):
                return
        except urllib.error.HTTPError:
            return  # an answer, too
        except OSError:
            time.sleep(0.5)
    raise TimeoutError(f"the server did not answer in {seconds:g} s")
