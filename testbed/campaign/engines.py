"""Engines by name."""

from testbed.campaign.cluster import RayEngine
from testbed.campaign.engine import Engine
from testbed.campaign.local import LocalEngine
from testbed.errors import UserError
from testbed.session.shards.cluster import LOCAL


def engine_of(name: str, workers: int, address: str = LOCAL) -> Engine:
    """Raises UserError for one that is not known, or that is not installed."""
    match name:
        case "local" if address == LOCAL:
            return LocalEngine(workers)
        case "local":
            raise UserError(f"--address {address} goes with --engine ray.")
        case "ray":
            return RayEngine(workers, address)
        case _:
            raise UserError(f"--engine {name}: known are local and ray.")
