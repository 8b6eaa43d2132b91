"""Exporters: a trace in formats that others read, one module per format."""
