"""The cache of airs: what is kept, and throwing it away."""

import time

from rich.console import Console
from rich.table import Table

from testbed.errors import UserError
from testbed.trace.store import Entry, Store, limit


def airs() -> None:
    """Print every air that is kept, the last used first."""
    store = Store()
    entries = store.entries()
    table = Table("devices", "seed", "rounds", "air", "MB", "last used", box=None, pad_edge=False)
    for entry in entries:
        table.add_row(*_row(entry))
    if entries:
        Console().print(table)
    total = sum(entry.size_bytes for entry in entries)
    print(f"{_airs(len(entries))}, {total / 1e6:.1f} MB of at most {1000 * limit():,.0f}, in {store.folder}")


def clear_airs() -> None:
    """Throw all airs away."""
    store = Store()
    count, size = len(store.entries()), store.clear()
    print(f"{_airs(count)} thrown away, {size / 1e6:.1f} MB, in {store.folder}")


def _row(entry: Entry) -> list[str]:
    used = time.strftime("%Y-%m-%d %H:%M", time.localtime(entry.used_s))
    try:
        header = entry.header()
    except UserError:
        return ["", "", str(entry.rounds), "damaged", f"{entry.size_bytes / 1e6:.1f}", used]
    network = header.network
    air = f"{network['mobility']}, {network['side_m']:.1f} m, {network['transport']}, {network['rate']}"
    return [
        *(str(header.nodes), str(header.seed), str(entry.rounds), air),
        *(f"{entry.size_bytes / 1e6:.1f}", used),
    ]


def _airs(count: int) -> str:
    return f"{count} air{'s' * (count != 1)}"
