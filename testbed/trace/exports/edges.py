"""CSV, one row a link: all of the link table, exactly, with the names of the nodes. Our own importer reads it back.

What is not known is empty: an SNR, an end. Names with commas, quotes or line breaks are quoted as RFC 4180 has it.
"""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from pyarrow.csv import WriteOptions, write_csv

from testbed.trace.exports.base import CHUNK, losses, names_of, travelled
from testbed.trace.format import OPEN_NS, LinkRows
from testbed.trace.value import Trace

COLUMNS = ("t_start_ns", "t_end_ns", "src", "dst", "snr_db", "delivery", "rate_bps", "latency_ns")


def pieces(trace: Trace) -> tuple[Iterator[bytes], list[str]]:
    """The file, and what it does not hold."""
    return _rows(travelled(trace), names_of(trace)), losses(trace)


def _rows(links: LinkRows, names: list[str]) -> Iterator[bytes]:
    yield (",".join(COLUMNS) + "\n").encode()
    plain = all(name.isprintable() and not set(name) & set(',"#') and name == name.strip() for name in names)
    options = WriteOptions(include_header=False, quoting_style="none" if plain else "needed")
    texts = pa.array(names)
    for first in range(0, len(links), CHUNK):
        part = {name: getattr(links, name)[first : first + CHUNK] for name in COLUMNS}
        columns = {
            **{name: pa.array(column) for name, column in part.items()},
            "t_end_ns": pa.array(part["t_end_ns"], mask=part["t_end_ns"] == OPEN_NS),
            "snr_db": pa.array(part["snr_db"], mask=np.isnan(part["snr_db"])),
            **{name: texts.take(pa.array(part[name])) for name in ("src", "dst")},
        }
        sink = pa.BufferOutputStream()
        write_csv(pa.table(columns), sink, options)
        yield sink.getvalue().to_pybytes()
