"""The server: this machine alone, GET and HEAD alone, and only where the browser meant this server."""

import socketserver
import sys
import webbrowser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from testbed.errors import UserError
from testbed.view.site import Answer, Site, said

HOST, PORT = "127.0.0.1", 8717

HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Server(ThreadingHTTPServer):
    """Serves the runs below `root` at a port of this machine; 0 is any that is free."""

    def __init__(self, root: Path, port: int = PORT) -> None:
        """Raises UserError where there is no such folder, and for a port that cannot be had."""
        if not root.is_dir():
            raise UserError(f"There is no folder {root}: name the one that your runs are in, as testbed view runs.")
        self.site = Site(root)
        try:
            super().__init__((HOST, port), _Handler)
        except (OSError, OverflowError) as error:
            why = error.strerror if isinstance(error, OSError) else "ports end at 65535"
            raise UserError(f"Port {port} cannot be had ({why}): name another by --port; 0 is any free one.") from None

    def server_bind(self) -> None:
        """As it is without asking a name server what this machine is called."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that goes before the answer is there is none."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.server_port}/"

    @property
    def names(self) -> set[str]:
        """What a browser may call it: a name of someone else's that leads here is refused (DNS rebinding)."""
        return {f"{HOST}:{self.server_port}", f"localhost:{self.server_port}"}


class _Handler(BaseHTTPRequestHandler):
    server: Server
    server_version, sys_version, timeout = "testbed", "", 30

    def do_GET(self) -> None:
        self._send(self._answer())

    def do_HEAD(self) -> None:
        self._send(self._answer(), has_body=False)

    def _refuse(self) -> None:
        self._send(said(405, "This server is only read: GET and HEAD.", Allow="GET, HEAD"))

    do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_CONNECT = do_TRACE = _refuse

    def _answer(self) -> Answer:
        hosts = [host.lower() for host in self.headers.get_all("Host", [])]
        if len(hosts) != 1 or hosts[0] not in self.server.names:
            return said(403, f"This server is {self.server.url} and answers to that name alone.")
        if not self.path.startswith("/"):
            return said(400, "This server is no proxy.")
        return self.server.site.answer(self.path)

    def _send(self, answer: Answer, has_body: bool = True) -> None:
        self.send_response(answer.status)
        kind = {"Content-Type": f"{answer.kind}; charset=utf-8", "Content-Length": str(len(answer.body))}
        policy = {"Content-Security-Policy": answer.policy}
        for name, value in {**HEADERS, **policy, **kind, **answer.more}.items():
            self.send_header(name, value)
        self.end_headers()
        if has_body:
            self.wfile.write(answer.body)

    def log_message(self, *_: Any) -> None:
        """Nothing: the terminal is for the address."""


def serve(root: Path, port: int = PORT, is_opened: bool = False) -> None:
    """Serve the runs below `root` until it is interrupted; prints the address. Raises UserError as `Server` does."""
    with Server(root, port) as server:
        print(f"{root} is shown at {server.url} to this machine alone; Ctrl-C ends it.", flush=True)
        if is_opened:
            webbrowser.open(server.url)
        server.serve_forever()
