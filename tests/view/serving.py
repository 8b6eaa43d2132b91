"""The server of a folder, in a thread of its own."""

import threading
from collections.abc import Iterator
from pathlib import Path

from testbed.view.server import Server


def serving(root: Path) -> Iterator[Server]:
    """On a free port, as long as a fixture needs it."""
    with Server(root, 0) as found:
        thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield found
        found.shutdown()
        thread.join()
