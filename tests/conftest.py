"""Settings of all tests: property tests try the same cases every time, however busy the machine is."""

from hypothesis import settings

settings.register_profile("testbed", deadline=None, derandomize=True)
settings.load_profile("testbed")
