"""Engines by name."""

from testbed.campaign.engine import Engine
from testbed.campaign.local import LocalEngine
from testbed.errors import UserError


def engine_of(name: str, workers: int, threads: int = 1, address: str | None = None) -> Engine:
    """Raises UserError for one that is not known, or that is not installed."""
    match name:
        case "local" if address is None:
            return LocalEngine(workers, threads)
        case "local":
            raise UserError(f"--address {address} is for --engine ray.")
        case "ray":
            from testbed.campaign.cluster import RayEngine

            return RayEngine(workers, address)
        case _:
            raise UserError(f"--engine {name}: known are local and ray.")
