"""Columns of whole numbers as text for a page: small, and read by a few lines of JavaScript (static/unpack.js).

Each column is stored in the fewest bytes a number that hold it (1, 2 or 4, signed), or that hold the differences of
neighbours, first all lowest bytes, then the next ones; all columns one after the other, deflated (RFC 1950), in base64.
"""

import base64
import zlib
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

WIDTHS = ((1, np.int8), (2, np.int16), (4, np.int32))


def packed(columns: Mapping[str, NDArray[Any]], deltas: Collection[str] = ()) -> dict[str, Any]:
    """JSON values: `columns`, for each its name, length, bytes a number and whether they are differences; `deflate`.

    `deltas` names the columns stored as differences. Numbers and differences must be of 32 bits: raises ValueError.
    """
    entries, parts = [], list[bytes]()
    for name, values in columns.items():
        whole = np.asarray(values, np.int64).ravel()
        stored = np.diff(whole, prepend=0) if name in deltas else whole
        width, planes = _planes(stored)
        entries.append([name, len(whole), width, name in deltas])
        parts.append(planes)
    return {"columns": entries, "deflate": base64.b64encode(zlib.compress(b"".join(parts), 9)).decode("ascii")}


def _planes(values: NDArray[np.int64]) -> tuple[int, bytes]:
    for width, kind in WIDTHS:
        bounds = np.iinfo(kind)
        if not len(values) or (values.min() >= bounds.min and values.max() <= bounds.max):
            little = values.astype(np.dtype(kind).newbyteorder("<"))
            return width, little.view(np.uint8).reshape(-1, width).T.tobytes()
    raise ValueError("a number beyond 32 bits")
