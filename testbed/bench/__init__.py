"""Benchmarks: each module measures one thing on this machine and returns plain values."""
