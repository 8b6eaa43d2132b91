"""The three tables of the HyperPrism paper."""
