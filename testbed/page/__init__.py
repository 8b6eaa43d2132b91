"""The report: a run or a sweep as one HTML file, with its network replayed in the browser."""

from testbed.page.page import page, write_page

__all__ = ["page", "write_page"]
