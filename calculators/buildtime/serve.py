"""A small server for a built site, as a good host would serve it: right types, compressed, long life for what is hashed.

For tests and measurements; `mkdocs serve` is for people.
"""

import functools
import gzip
import http.server
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

TYPES = {".mjs": "text/javascript", ".js": "text/javascript", ".wasm": "application/wasm", ".zip": "application/zip"}


class Site:
    """What is served, and what was sent: bytes on the wire by path."""

    def __init__(self, folder: Path, encoding: str = "") -> None:
        self.folder, self.encoding = folder, encoding
        self.sent: list[tuple[str, int]] = []
        self.rules: dict[str, Callable[[], tuple[int, dict[str, str], bytes]]] = {}  # tests break a path with these
        self.url = ""

    @functools.cache  # noqa: B019  a site lives as long as its process needs it
    def packed(self, path: Path, encoding: str) -> bytes:
        """A file as it goes over the wire."""
        if encoding == "br":
            import brotli

            return bytes(brotli.compress(path.read_bytes(), quality=9))
        return gzip.compress(path.read_bytes(), 6, mtime=0) if encoding == "gzip" else path.read_bytes()


class Handler(http.server.SimpleHTTPRequestHandler):
    """Answers for one Site."""

    protocol_version = "HTTP/1.1"
    site: Site

    def do_GET(self) -> None:
        """Send a file of the site, or its 404 page."""
        path = self.path.partition("?")[0]
        for part, rule in self.site.rules.items():
            if part in path:
                return self._send(path, *rule())
        file = self.site.folder / path.lstrip("/")
        file = file / "index.html" if file.is_dir() else file
        if not file.is_file():
            return self._send(path, 404, {"Content-Type": "text/html"}, (self.site.folder / "404.html").read_bytes())
        encoding = self.site.encoding if self.site.encoding in self.headers.get("Accept-Encoding", "") else ""
        headers = {"Content-Type": TYPES.get(file.suffix) or self.guess_type(str(file)),
                   "Cache-Control": "public, max-age=31536000, immutable" if "/runtime/" in path else "no-cache"}
        if encoding:
            headers["Content-Encoding"] = encoding
        return self._send(path, 200, headers, self.site.packed(file, encoding))

    def _send(self, path: str, status: int, headers: dict[str, str], body: bytes) -> None:
        self.site.sent.append((path, len(body)))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def free_port() -> int:
    """A port that nobody uses: a site must be built for the address that it is served at."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Server(http.server.ThreadingHTTPServer):
    """A browser that closes a page in the middle of an answer is nothing to report."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say what went wrong, unless it is that the browser has gone."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def serving(site: Site, port: int = 0) -> Iterator[Site]:
    """The site at site.url, on this machine alone, for as long as the block runs."""
    handler = type("SiteHandler", (Handler,), {"site": site})
    server = Server(("127.0.0.1", port), handler)
    site.url = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
