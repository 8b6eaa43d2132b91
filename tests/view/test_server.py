"""What the server hands out, to whom, and what it refuses."""

import http.client
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from typer.testing import CliRunner

from testbed.cli import Interrupted, app
from testbed.errors import UserError
from testbed.view import server as module
from testbed.view.server import Server
from tests.page import made
from tests.view.serving import serving

SECRET = "nobody outside should read this"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    outside = tmp_path_factory.mktemp("view")
    (outside / "secret.txt").write_text(SECRET)
    made.run(outside / "beside", name=SECRET)
    root = outside / "runs"
    made.run(root / "a b" / "mine", traced=False)
    made.run(root / "linked", traced=False)
    (root / "linked" / "scenario.toml").unlink()
    (root / "linked" / "scenario.toml").symlink_to(outside / "secret.txt")
    (root / "out").symlink_to(outside)
    return root


@pytest.fixture(scope="module")
def server(root: Path) -> Iterator[Server]:
    yield from serving(root)


class Reply:
    def __init__(self, server: Server, target: str, method: str = "GET", **headers: str) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=60)
        connection.putrequest(method, target, skip_host=True)
        for name, value in ({"Host": f"127.0.0.1:{server.server_port}"} | headers).items():
            if value:
                connection.putheader(name, value)
        connection.endheaders()
        found = connection.getresponse()
        self.status, self.headers, self.text = found.status, found.headers, found.read().decode()
        connection.close()


def test_pages_and_their_parts_are_there(server: Server) -> None:
    for target, kind in {
        "/": "text/html; charset=utf-8",
        "/run?path=a": "text/html; charset=utf-8",
        "/compare": "text/html; charset=utf-8",
        "/static/page.css": "text/css; charset=utf-8",
        "/static/themes.js": "text/javascript; charset=utf-8",
        "/static/list.js": "text/javascript; charset=utf-8",
        "/api/runs": "application/json; charset=utf-8",
    }.items():
        found = Reply(server, target)
        assert (found.status, found.headers["Content-Type"]) == (200, kind), target


def test_every_answer_forbids_what_is_not_needed(server: Server) -> None:
    for target in ("/", "/api/runs", "/static/view.css", "/nowhere", f"/report?path={quote('a b/mine')}"):
        found = Reply(server, target).headers
        assert found["X-Content-Type-Options"] == "nosniff"
        assert "frame-ancestors 'none'" in found["Content-Security-Policy"]
        assert "unsafe" not in found["Content-Security-Policy"]
        assert found["Access-Control-Allow-Origin"] is None
        assert found["Cross-Origin-Resource-Policy"] == "same-origin"
        assert found["Server"].strip() == "testbed"
    assert Reply(server, "/").headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'")


PATHS = [
    "../secret.txt",
    "../beside",
    "..",
    "out",
    "out/beside",
    "out/secret.txt",
    "a b/../../beside",
    "a b/mine/../mine",
    "a b/mine/manifest.json",
    "%2e%2e/beside",
    "..\\beside",
    "a b/mine\0",
    "/etc/passwd",
    "",
]


@pytest.mark.parametrize("page", ["/api/run?path=", "/report?path="])
@pytest.mark.parametrize("path", PATHS)
def test_only_what_is_listed_is_opened(server: Server, root: Path, page: str, path: str) -> None:
    for spelt in {quote(path), quote(path, safe=""), quote(quote(path, safe=""))}:
        found = Reply(server, page + spelt)
        assert found.status == 404, spelt
        assert SECRET not in found.text
    assert Reply(server, page + quote(str(root / "a b" / "mine"))).status == 404


@pytest.mark.parametrize(
    "target",
    [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "//etc/passwd",
        "/static/../secret.txt",
        "/static/%2e%2e/%2e%2e/server.py",
        "/static/../server.py",
        "/static//etc/passwd",
        "/static/list.html",
        "/a b/mine/manifest.json".replace(" ", "%20"),
        "/linked/scenario.toml",
        "/[",
    ],
)
def test_no_file_is_handed_out(server: Server, target: str) -> None:
    found = Reply(server, target)
    assert found.status == 404
    assert SECRET not in found.text


@pytest.mark.parametrize("page", ["/api/run?path=linked", "/report?path=linked"])
def test_a_run_with_a_link_in_it_is_refused(server: Server, page: str) -> None:
    found = Reply(server, page)
    assert found.status == 422
    assert "scenario.toml in linked is a link" in found.text
    assert SECRET not in found.text


@pytest.mark.parametrize(
    "host", ["", "evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "[::1]:{port}"]
)
@pytest.mark.parametrize("target", ["/", "/api/runs", "/static/list.js"])
def test_another_name_is_refused(server: Server, host: str, target: str) -> None:
    found = Reply(server, target, Host=host.format(port=server.server_port))
    assert found.status == 403
    assert "answers to that name alone" in found.text


def test_both_names_of_this_machine_are_answered(server: Server) -> None:
    for host in ("127.0.0.1", "localhost", "LOCALHOST"):
        assert Reply(server, "/", Host=f"{host}:{server.server_port}").status == 200


def test_it_is_no_proxy(server: Server) -> None:
    assert Reply(server, "http://example.org/").status == 400


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_can_be_sent(server: Server, method: str) -> None:
    found = Reply(server, "/api/runs", method)
    assert (found.status, found.headers["Allow"]) == (405, "GET, HEAD")


def test_head_is_get_without_a_body(server: Server) -> None:
    whole, head = Reply(server, "/"), Reply(server, "/", "HEAD")
    assert (head.status, head.text) == (200, "")
    assert head.headers["Content-Length"] == str(len(whole.text.encode()))


def test_a_report_is_made_once_until_its_run_changes(
    server: Server, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = list[Path]()
    folder = made.run(root / "reported", traced=False)
    monkeypatch.setattr("testbed.view.catalogue.FRESH_S", -1.0)
    monkeypatch.setattr("testbed.view.reports.page", lambda folder: calls.append(folder) or f"<p>{len(calls)}")
    found = Reply(server, "/report?path=reported")
    assert (found.text, found.headers["Content-Type"]) == ("<p>1", "text/html; charset=utf-8")
    assert Reply(server, "/report?path=reported").text == "<p>1"
    made.spoil(folder, command="another")
    assert Reply(server, "/report?path=reported").text == "<p>2"
    assert calls == [folder, folder]


def test_a_report_that_cannot_be_made_is_a_sentence(
    server: Server, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("testbed.view.catalogue.FRESH_S", -1.0)
    folder = made.run(root / "damaged", traced=False)
    (folder / "rounds.parquet").write_bytes(b"PAR1")
    found = Reply(server, "/report?path=damaged")
    assert found.status == 422
    assert found.headers["Content-Type"].startswith("text/plain")
    assert "rounds.parquet is damaged" in found.text


def test_a_port_that_is_taken_is_a_sentence(server: Server, root: Path) -> None:
    with pytest.raises(UserError, match=rf"Port {server.server_port} cannot be had .*--port"):
        Server(root, server.server_port)


def test_a_folder_that_is_none_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"There is no folder .*nowhere"):
        Server(tmp_path / "nowhere", 0)


def test_the_verb_prints_the_address_and_ends_with_a_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: Server) -> None:
        raise Interrupted

    monkeypatch.setattr(module.Server, "serve_forever", interrupted)
    found = CliRunner().invoke(app, ["view", str(tmp_path), "--port", "0"])
    assert found.exit_code == 0
    assert "http://127.0.0.1:" in found.output
    assert found.output.endswith("The page is closed.\n")
