"""What `--engine` takes, as far as no cluster is needed for it."""

import sys
from pathlib import Path

import pytest

import testbed
from testbed.errors import UserError
from testbed.session import Ray, engine
from testbed.session.shards.cluster import imported
from tests.session.scenarios import small


def test_engines_by_name() -> None:
    assert engine("local") is None
    assert engine("ray", "10.0.0.1:6379", 4) == Ray("10.0.0.1:6379", 4)
    with pytest.raises(UserError, match="--engine rya: there are local and ray"):
        engine("rya")
    with pytest.raises(UserError, match="--address and --shards go with --engine ray"):
        engine("local", shards=2)


def test_without_ray_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UserError, match=r"pip install 'testbed\[ray\]'"):
        imported()


def test_an_address_where_nobody_is(tmp_path: Path) -> None:
    pytest.importorskip("ray")
    with pytest.raises(UserError, match=r"--address 127\.0\.0\.1:1: nobody answers there"):
        testbed.run(small(), tmp_path / "run", engine=Ray("127.0.0.1:1", 2))
    assert not (tmp_path / "run").exists()
