"""The view: a local page of all runs below a folder, which follows those that go on."""

from testbed.view.server import serve

__all__ = ["serve"]
