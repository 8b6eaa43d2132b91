"""The one typed description of an experiment: TOML in and out, overrides, hash."""

from testbed.scenario.files import dumps, fingerprint, load, parse
from testbed.scenario.schema import Scenario

__all__ = ["Scenario", "dumps", "fingerprint", "load", "parse"]
