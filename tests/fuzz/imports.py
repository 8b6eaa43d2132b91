"""Fuzz the importers with atheris: `python tests/fuzz/imports.py [FORMAT] [--seconds N]`, without FORMAT all of them
one after the other. `make fuzz` calls it.

Whatever the bytes, an importer refuses them in words or gives a sound trace; anything else ends the run with the file
that did it, `crash-...`, in the folder it was started from.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import atheris

# From the sources as they lie: of modules that an editable install finds, atheris sees no coverage.
sys.meta_path = [each for each in sys.meta_path if "editable" not in type(each).__module__]
sys.path.insert(0, str(Path(__file__).parents[2]))
with atheris.instrument_imports(include=["testbed"]):
    from testbed.trace.imports import FORMATS
    from testbed.trace.imports.base import Options

    for name in FORMATS:
        FORMATS[name]
from tests.trace.imports.samples import OPTIONS, SAMPLES, outcome  # noqa: E402


def main() -> None:
    """All formats, each in a process of its own as libFuzzer wants it, or one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("format", nargs="?", choices=list(FORMATS))
    parser.add_argument("--seconds", type=int, default=60, help="for each format")
    stated = parser.parse_args()
    if stated.format:
        fuzz(stated.format, stated.seconds)
    for format in FORMATS:
        print(f"fuzzing {format} for {stated.seconds} s", flush=True)
        subprocess.run([sys.executable, __file__, format, "--seconds", str(stated.seconds)], check=True)


def fuzz(format: str, seconds: int) -> None:
    """Bytes grown from the format's sample, for so many seconds; does not return."""
    with tempfile.TemporaryDirectory() as folder:
        file, corpus = Path(folder) / "file", Path(folder) / "corpus"
        corpus.mkdir()
        (corpus / "sample").write_bytes(SAMPLES[format])

        def target(content: bytes) -> None:
            outcome(file, content, format, OPTIONS.get(format, Options()))

        # One that takes more than 10 s is an error as well.
        longest = max(4096, 2 * len(SAMPLES[format]))
        limits = [f"-max_total_time={seconds}", f"-max_len={longest}", "-timeout=10", "-rss_limit_mb=4096"]
        atheris.Setup([sys.argv[0], *limits, str(corpus)], target)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
