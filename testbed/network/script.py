"""Scenario scripts: Python files that shape the ns-3 world through the official bindings, inside the worker.

`setup(ns, nodes, devices, channel)` is called once, after the engine has made its world and before the first round.
Bindings and engine share one simulator. `docs/scripts.md` tells what a script may do and what it must keep to.
"""

import faulthandler
import importlib
import importlib.util
import os
import signal
import sysconfig
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType
from typing import Any

from testbed.errors import UserError

CRASHES = (signal.SIGABRT, signal.SIGSEGV, signal.SIGFPE, signal.SIGILL, signal.SIGBUS)


class Script:
    """The file `path`, its bindings loaded. Raises UserError for what is no Python."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._code = _compiled(path)
        self._ns = bindings()
        self._names: dict[str, Any] = {}

    def reset(self) -> None:
        """Take back the defaults that a script has set, before another world is made."""
        self._ns.Config.Reset()

    def shape(self, devices: int) -> None:
        """Call the script's `setup` on the world of `devices` devices.

        The file is executed anew for each world. Raises UserError for what goes wrong in it, with its line.
        """
        setup = self._setup()
        with self.complaints():
            setup(self._ns, *_handed(self._ns, devices))

    @contextmanager
    def complaints(self) -> Iterator[None]:
        """What the script raises becomes a UserError that names file, line and exception."""
        try:
            yield
        except (Exception, SystemExit) as error:
            raise UserError(self._complaint(error)) from None

    def _setup(self) -> Callable[..., None]:
        # Kept, since ns-3 keeps no reference to the functions and objects that it calls.
        names = self._names = {"__name__": self._path.stem, "__file__": str(self._path)}
        with self.complaints():
            exec(self._code, names)
        if not callable(names.get("setup")):
            raise UserError(f"network.script: {self._path} has no function setup(ns, nodes, devices, channel).")
        return names["setup"]  # type: ignore[no-any-return]

    def _complaint(self, error: BaseException) -> str:
        lines = [
            frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(self._path)
        ]
        where = f"{self._path}, line {lines[-1]}" if lines else str(self._path)
        return f"network.script: {where}: {''.join(traceback.format_exception_only(error)).strip()}"


def bindings() -> Any:
    """The official bindings, `from ns import ns`. Takes 10 to 40 s the first time in a process.

    They look for ns-3's libraries everywhere under the working folder, so they are loaded from a small one; and where
    their headers were put is found out here, which they need for Python functions as events.
    """
    here = Path.cwd()
    headers = _callback_headers()
    if headers:
        os.environ.setdefault("CPPYY_API_PATH", str(headers))
    os.chdir(Path(__file__).parent)
    try:
        ns = importlib.import_module("ns").ns
    finally:
        os.chdir(here)
    for crash in CRASHES:  # the bindings' own handlers write pages of C++ frames; the script's line is what helps
        signal.signal(crash, signal.SIG_DFL)
    faulthandler.enable(all_threads=False)
    return ns


def _compiled(path: Path) -> CodeType:
    try:
        return compile(path.read_bytes(), str(path), "exec")
    except OSError as error:
        raise UserError(f"network.script = {str(path)!r} cannot be read: {error.strerror}.") from None
    except SyntaxError as error:
        raise UserError(f"network.script: {path}, line {error.lineno}, is no Python: {error.msg}.") from None
    except ValueError as error:
        raise UserError(f"network.script: {path} is no Python: {error}.") from None


def _handed(ns: Any, count: int) -> tuple[Any, Any, Any]:
    """What `setup` is given: the first `count` nodes, their Wi-Fi devices, and the channel between them."""
    nodes, devices = ns.NodeContainer(), ns.NetDeviceContainer()
    for i in range(count):
        nodes.Add(ns.NodeList.GetNode(i))
        devices.Add(ns.NodeList.GetNode(i).GetDevice(0))
    return nodes, devices, devices.Get(0).GetChannel().GetObject[ns.YansWifiChannel]()


def _callback_headers() -> Path | None:
    """The folder of CPyCppyy/API.h, which pip installs beside site-packages."""
    library = importlib.util.find_spec("libcppyy")
    if library is None or library.origin is None:
        return None
    python = f"python{sysconfig.get_python_version()}"
    found = Path(library.origin).resolve().parents[3] / "include" / "site" / python
    return found if (found / "CPyCppyy").is_dir() else None
