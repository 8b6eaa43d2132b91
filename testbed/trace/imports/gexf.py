"""GEXF: the other graph format that `graphs` reads, with links that begin and end."""

from testbed.trace.imports.graphs import read

__all__ = ["ABOUT", "NAME", "read", "recognises"]

NAME = "gexf"
ABOUT = "GEXF: a graph in XML; its links hold from 0 on, or as their spells say"


def recognises(head: str) -> bool:
    """Whether the first 64 KiB of a file are of this format."""
    return head.lstrip("\ufeff \r\n\t").startswith("<") and "<gexf" in head
