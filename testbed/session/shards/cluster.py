"""Ray: where a sharded run goes, and being connected to it."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from testbed.errors import UserError

LOCAL = "local"
STORE_BYTES = 200_000_000
"""Of the object store of a cluster of our own, at the least."""
COPIES = 12
"""So many times all models together should have room in it: messages, what is kept of two rounds, and more."""
CONNECT_S = 5.0

SETTINGS = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_worker_niceness": "0", "RAY_IGNORE_UNHANDLED_ERRORS": "1"}
"""Ray tells its makers nothing of what goes on here; shards have the priority of what started them, where Ray would let
everything else on the machine go first; and of errors that we deal with it says nothing."""


@dataclass(frozen=True)
class Ray:
    """Where a sharded run goes, as `testbed run --engine ray` has it."""

    address: str = LOCAL
    """Of a cluster's head, as HOST:PORT or "auto"; "local": a cluster of our own on this machine."""
    shards: int | None = None
    """By default one for each CPU that the cluster has, but no more than devices."""


def engine(name: str, address: str = LOCAL, shards: int | None = None) -> Ray | None:
    """The engine of that name, None for this process. Raises UserError for another, or what does not go with it."""
    if name == "ray":
        return Ray(address, shards)
    if name != "local":
        raise UserError(f"--engine {name}: there are local and ray.")
    if shards is not None or address != LOCAL:
        raise UserError("--address and --shards go with --engine ray.")
    return None


@contextmanager
def connected(engine: Ray, room: int) -> Iterator[Any]:
    """Ray, connected; a cluster that was there stays. `room`: bytes of all models. Raises UserError."""
    ray = imported()
    if ray.is_initialized():
        yield ray
        return
    if engine.address.startswith("ray://"):
        raise UserError(f"--address {engine.address}: Ray's client is not enough; run on a node, with HOST:PORT.")
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": "error", "include_dashboard": False}
    if engine.address == LOCAL:
        options |= {"num_cpus": engine.shards, "object_store_memory": max(STORE_BYTES, COPIES * room)}
    else:
        del options["include_dashboard"]
    _require(engine.address)
    try:
        ray.init(address=engine.address, **options)
    except (RuntimeError, ValueError, OSError) as error:
        where = "on this machine" if engine.address == LOCAL else f"at --address {engine.address}"
        raise UserError(f"Ray gives no cluster {where}: {told(error)}") from None
    try:
        yield ray
    finally:
        ray.shutdown()


def imported() -> Any:
    """The module. Raises UserError where it is not installed."""
    os.environ.update({name: os.environ.get(name, value) for name, value in SETTINGS.items()})
    try:
        return import_module("ray")
    except ImportError:
        raise UserError("--engine ray needs Ray, which is not installed here: pip install 'testbed[ray]'") from None


def _require(address: str) -> None:
    """Raises UserError where nobody listens at HOST:PORT: Ray would wait for that for a long time."""
    host, _, port = address.rpartition(":")
    if not port.isdigit():
        return
    try:
        socket.create_connection((host, int(port)), timeout=CONNECT_S).close()
    except (OSError, OverflowError) as error:
        raise UserError(f"--address {address}: nobody answers there ({error}). Is it that of the head node?") from None


def told(error: BaseException) -> str:
    """The line of an error that says most."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines and isinstance(error, ImportError) else (lines or [type(error).__name__])[0]
