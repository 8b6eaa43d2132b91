"""Folders of runs as a user has them."""

import json
from pathlib import Path


def planned(folder: Path, cells: list[str]) -> Path:
    """A sweep over run.seed, of which no cell was begun."""
    (folder / "cells").mkdir(parents=True)
    told = [{"name": name, "label": name, "seed": 1, "keys": {}} for name in cells]
    plan = {"format": 1, "name": "mine", "axes": {"run.seed": [1, 2]}, "cells": told}
    (folder / "plan.json").write_text(json.dumps(plan), "utf-8")
    return folder
