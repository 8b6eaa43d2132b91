"""Importers: link traces that others recorded, one module per format."""
