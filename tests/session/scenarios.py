"""Small scenarios that the session's tests share."""

from typing import Any

from testbed.scenario import Scenario, parse


def small(**sections: dict[str, Any]) -> Scenario:
    """8 devices, 6 rounds, random graphs; sections override keys."""
    tree: dict[str, dict[str, Any]] = {
        "run": {"rounds": 6, "seed": 3},
        "devices": {"count": 8, "profile": ["raspberry-pi-4", "laptop"]},
        "network": {"kind": "graph", "density": 0.5},
        "algorithm": {"name": "dpsgd", "batch_size": 16, "lr": 0.1},
        "output": {"eval_samples": 100},
    }
    for section, keys in sections.items():
        tree.setdefault(section, {}).update(keys)
    return parse(tree)
