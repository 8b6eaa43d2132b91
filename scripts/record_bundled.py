"""Record the traces that come with the package again: python scripts/record_bundled.py [NAME ...]

20 and 50 devices that hear a fifth, half and four fifths of each other, at new places in every round, and 20 that walk.
They send what the quickstart sends: logistic regression over 28 x 28 pixels, 31.4 kB. Needs ns-3, and about three
minutes. One ns-3 and one pyarrow give the same bytes every time.
"""

import shutil
import sys
from pathlib import Path
from typing import Any

import testbed

ROUNDS = 20
SIDES_M = {
    "mesh20-sparse": 172.5,
    "mesh20-half": 96.0,
    "mesh20-dense": 66.5,
    "mesh50-sparse": 178.5,
    "mesh50-half": 100.0,
    "mesh50-dense": 69.0,
}
"""Where the mean density of these twenty rounds is 0.200, 0.502, 0.799, 0.200, 0.502 and 0.803."""

AIRS: dict[str, dict[str, Any]] = {
    name: {"devices.count": int(name[4:6]), "network.side_m": side_m} for name, side_m in SIDES_M.items()
}
AIRS["walk20-half"] = {"devices.count": 20, "network.density": 0.5, "network.mobility": "random-waypoint"}

ROOT = Path(__file__).parents[1]


def record(name: str, folder: Path) -> None:
    """One of them into a folder that is not there yet."""
    keys = {**AIRS[name], "run.rounds": ROUNDS, "run.name": name, "network.cache": "off"}
    testbed.record(testbed.scenario.load(ROOT / "ns3_scenarios" / "quickstart.toml", keys), folder)


if __name__ == "__main__":
    for name in sys.argv[1:] or AIRS:
        folder = ROOT / "testbed" / "bundled" / name
        shutil.rmtree(folder, ignore_errors=True)
        record(name, folder)
        trace = testbed.trace.read(folder)
        size = sum(file.stat().st_size for file in folder.iterdir())
        print(f"{name}: {len(trace)} rounds, density {trace.densities().mean():.3f}, {size / 1000:.0f} kB", flush=True)
