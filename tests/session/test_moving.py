"""A movement trace through ns-3 against the disc model: as far as the radio is a disc, they agree."""

from pathlib import Path

import numpy as np
import pytest

from testbed.errors import UserError
from testbed.session.moving import record_movement
from testbed.trace import write
from testbed.trace.imports import import_file
from testbed.trace.imports.base import Options
from tests.needs import ENGINE

MOVES = """\
$node_(3) set X_ 0.0
$node_(3) set Y_ 0.0
$node_(8) set X_ -100.0
$node_(8) set Y_ 10.0
$node_(8) switch ON
$ns_ at 0.0 "$node_(8) setdest 100.0 10.0 5.0"
$node_(9) set X_ 500.0
$node_(9) set Y_ 0.0
"""


@ENGINE
def test_hellos_find_the_links_that_the_disc_has(tmp_path: Path) -> None:
    file = tmp_path / "moves"
    file.write_text(MOVES)
    trace = record_movement(file, period_s=1.0, to_s=40.0)
    disc = import_file(file, "ns2", Options(to_s=40.0))
    assert trace.header.names == ("3", "8", "9")
    assert len(trace) == 0
    heard, near = (each.links for each in (trace, disc))
    assert set(zip(heard.src.tolist(), heard.dst.tolist(), strict=True)) == {(0, 1), (1, 0)}
    assert abs(int(heard.t_start_ns.min()) - int(near.t_start_ns.min())) < 2e9
    assert abs(int(heard.t_end_ns.max()) - int(near.t_end_ns.max())) < 2e9
    assert (heard.t_end_ns - heard.t_start_ns == 10**9).all()
    assert heard.snr_db[np.argmin(np.abs(heard.t_start_ns - 20 * 10**9))] > heard.snr_db[0] + 10
    at = trace.nodes.t_ns == 20 * 10**9
    assert trace.nodes.x_m[at].tolist() == [0, 0, 500]
    assert trace.header.provenance[0]["oddities"][0]["reason"] == "other_command"
    write(trace, tmp_path / "trace")


@ENGINE
def test_what_cannot_be(tmp_path: Path) -> None:
    file = tmp_path / "moves"
    file.write_text(MOVES)
    with pytest.raises(UserError, match=r"network\.hello_s = 2 should be no longer than a period, 1 s"):
        record_movement(file, network={"hello_s": 2.0})
    with pytest.raises(UserError, match="a period of 0 s is none"):
        record_movement(file, period_s=0)
    with pytest.raises(UserError, match=r"network\.losss"):
        record_movement(file, network={"losss": "log-distance"})
