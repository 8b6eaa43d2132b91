"""Sweeps for tests: three devices on a graph, two rounds."""

from pathlib import Path

BASE = """
[run]
rounds = 2
seed = 7
[devices]
count = 3
[network]
kind = "graph"
[algorithm]
name = "dpsgd"
local_steps = 1
batch_size = 8
"""

HEAD = """
[sweep]
name = "tiny"
base = "base.toml"
"""


def written(folder: Path, text: str, base: str = BASE) -> Path:
    """The file of a sweep in `folder`, its base beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "base.toml").write_text(base)
    (folder / "sweep.toml").write_text(text)
    return folder / "sweep.toml"
