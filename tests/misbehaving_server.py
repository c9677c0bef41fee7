"""A web server on 127.0.0.1 that behaves as badly as the web does: `with misbehaving() as server`.

Paths: /good/<seed>.jpg a picture of its own · /same/<anything> one picture for all · others below.
"""

from __future__ import annotations

import io
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
from PIL import Image


def picture(seed: int, size: tuple[int, int] = (80, 60), form: str = "JPEG") -> bytes:
    """An image file of noise."""
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, form)
    return file.getvalue()


def one_colour() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (300, 200), "grey").save(file, "PNG")
    return file.getvalue()


@dataclass
class Server:
    """What was asked, and how many requests were open at once."""

    port: int
    asked: Counter = field(default_factory=Counter)
    times: list[float] = field(default_factory=list)
    agents: set = field(default_factory=set)
    open: int = 0
    most_open: int = 0
    delay: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}/{path}"


def _answer(handler: BaseHTTPRequestHandler, server: Server) -> None:
    kind, _, rest = handler.path.lstrip("/").partition("/")
    asked = server.asked[handler.path]

    def send(body: bytes, kind: str = "image/jpeg", status: int = 200, **headers: str) -> None:
        handler.send_response(status)
        headers = {"Content-Type": kind, "Content-Length": str(len(body)), **headers}
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    if kind == "good":
        time.sleep(server.delay)
        send(picture(int(rest.partition(".")[0])))
    elif kind == "same":
        send(picture(0))
    elif kind == "status":
        send(b"gone", "text/plain", int(rest))
    elif kind == "recovers":  # twice busy, then fine
        send(picture(1)) if asked > 2 else send(b"", "text/plain", 503, Retry_After="0")
    elif kind == "wait":  # busy, and says for how many seconds
        busy = asked == 1
        send(b"", "text/plain", 503, Retry_After=rest) if busy else send(picture(1))
    elif kind == "page":
        send(b"<!DOCTYPE html><html>Not found</html>", "text/html")
    elif kind == "page-as-image":
        send(b"<!DOCTYPE html><html>Not found</html>", "image/jpeg")
    elif kind == "video":
        send(b"\x00\x00\x00\x18ftypmp42", "video/mp4")
    elif kind == "untyped":
        send(picture(2), "application/octet-stream")
    elif kind == "cut":  # says more than it sends
        send(picture(3)[:500], Content_Length="5000")
    elif kind == "half":  # half a picture, whole as the server counts
        send(picture(3)[:700])
    elif kind == "silent":
        time.sleep(1.5)
    elif kind == "drip":
        handler.send_response(200)
        handler.send_header("Content-Type", "image/jpeg")
        handler.end_headers()
        for byte in picture(4)[:100]:
            handler.wfile.write(bytes([byte]))
            time.sleep(0.05)
    elif kind == "huge":  # without a length: it must be stopped while it comes
        handler.send_response(200)
        handler.send_header("Content-Type", "image/jpeg")
        handler.end_headers()
        for _ in range(200):
            handler.wfile.write(bytes(10_000))
    elif kind == "huge-announced":
        handler.send_response(200)
        handler.send_header("Content-Type", "image/jpeg")
        handler.send_header("Content-Length", "9999999999")
        handler.end_headers()
    elif kind == "moved":
        send(b"", "text/plain", 302, Location=f"/{rest}")
    elif kind == "circle":
        send(b"", "text/plain", 302, Location=handler.path)
    elif kind == "elsewhere":
        send(b"", "text/plain", 302, Location="file:///etc/passwd")
    elif kind == "tiny":
        send(picture(5, (1, 1), "GIF"), "image/gif")
    elif kind == "grey":
        send(one_colour(), "image/png")
    elif kind == "empty":
        send(b"")
    elif kind == "hangs-up":
        handler.connection.close()
    elif kind == "archive" and "archived" in rest:
        send(picture(6))
    else:
        send(b"not found", "text/plain", 404)


@contextmanager
def misbehaving(delay: float = 0.0) -> Iterator[Server]:
    """The server, until the block is left. delay : seconds before each /good picture"""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with server.lock:
                server.asked[self.path] += 1
                server.times.append(time.monotonic())
                server.agents.add(self.headers["User-Agent"])
                server.open += 1
                server.most_open = max(server.most_open, server.open)
            try:
                _answer(self, server)
            except (BrokenPipeError, ConnectionResetError):
                pass  # the client had enough
            finally:
                with server.lock:
                    server.open -= 1

        def log_message(self, *_: object) -> None:
            pass

    class Threads(ThreadingHTTPServer):
        request_queue_size = 128

        def handle_error(self, *_: object) -> None:
            pass

    http = Threads(("127.0.0.1", 0), Handler)
    server = Server(http.server_port, delay=delay)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()
