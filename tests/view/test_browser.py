"""The pages in a real browser, which ask this server and nobody else."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from testbed.view.server import Server
from tests.chromium import CONTRAST, DESKTOP, PHONE, launched, needs_chromium
from tests.page import made
from tests.view.conftest import Begin
from tests.view.folders import planned
from tests.view.serving import serving

pytestmark = needs_chromium
HOSTILE = "<img src=x onerror=alert(1)>"
COMPARED = "/compare?a=mine&b=density%2Fcells%2Fx"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    yield from launched()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two runs, one of them in a sweep of two cells."""
    root = tmp_path / "runs"
    made.run(root / "mine", traced=False)
    sweep = planned(root / "density", ["x", "y"])
    other = {"name": "dpsgd", "lr": 0.25}
    made.run(sweep / "cells" / "x", made.ACCURACIES[:2], traced=False, algorithm=other)
    return root


@pytest.fixture
def server(root: Path) -> Iterator[Server]:
    yield from serving(root)


HASTE = "const wait = setTimeout; window.setTimeout = (step, ms, ...more) => wait(step, Math.min(ms, 100), ...more);"
"""Pages ask again after a tenth of a second in place of two."""


class Opened:
    """A page that is open, with all that it said and asked for."""

    def __init__(self, context: Any, server: Server, target: str) -> None:
        self.page, self.said, self.asked = context.new_page(), list[str](), list[str]()
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.add_init_script(HASTE)
        self.page.goto(server.url.rstrip("/") + target)

    def until(self, place: str, text: str) -> None:
        """Wait for a text to be there."""
        self.page.locator(place).filter(has_text=text).first.wait_for()

    def row(self, name: str) -> Any:
        return self.page.get_by_role("row").filter(has=self.page.get_by_role("link", name=name, exact=True))


@pytest.fixture
def opened(browser: Any, server: Server) -> Iterator[Any]:
    """Opens a page by its address."""
    contexts = []

    def at(target: str = "/", **options: Any) -> Opened:
        contexts.append(browser.new_context(**{"viewport": DESKTOP, **options}))
        contexts[-1].set_default_timeout(60_000)
        return Opened(contexts[-1], server, target)

    yield at
    for context in contexts:
        context.close()


READY = {
    "/": ("#count", "2 runs: 2 finished."),
    "/run?path=mine": ("#badge", "finished"),
    COMPARED: ("#equal", "equal"),
}


@pytest.mark.parametrize("target", READY)
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_page_is_silent_asks_this_server_alone_and_fits(
    opened: Any, server: Server, target: str, viewport: dict[str, int]
) -> None:
    found = opened(target, viewport=viewport)
    found.until(*READY[target])
    assert found.said == []
    assert all(each.startswith((server.url, "data:,")) for each in found.asked)
    wide = found.page.evaluate("[document.documentElement.scrollWidth, document.body.scrollWidth]")
    assert max(wide) <= viewport["width"]


@pytest.mark.parametrize("target", READY)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_can_be_read(opened: Any, target: str, scheme: str) -> None:
    found = opened(target, color_scheme=scheme)
    found.until(*READY[target])
    assert found.page.evaluate(CONTRAST) == []


def test_the_list_groups_runs_and_opens_them(opened: Any) -> None:
    found = opened()
    found.until("#count", "2 runs")
    assert found.page.get_by_role("heading", level=2).all_inner_texts() == ["runs", "density\nReport"]
    assert "A sweep of 2 cells: 1 finished, 1 not begun." in found.page.locator(".group .note").last.inner_text()
    assert re.search(r"mine\s+finished\s+3\s+0\.8000\s+0\.8000\s+HyperPrism\s+7", found.row("mine").inner_text())
    found.row("x").get_by_role("link").click()
    found.until("h1", "x")
    assert "D-PSGD on mnist5k, 3 devices" in found.page.locator("#sentence").inner_text()


def test_what_appears_grows_ends_and_goes_is_followed(opened: Any, root: Path, begun: Begin) -> None:
    found = opened()
    found.until("#count", "2 runs: 2 finished.")
    writer = begun(root / "new", [[0.1, 0.2, 0.3]])
    found.until("#count", "3 runs: 1 running, 2 finished.")
    assert "0.2000" in found.row("new").inner_text()
    found.page.evaluate("window.mark = 'kept'")
    made.append(writer, 1, [0.4, 0.4, 0.4])
    found.until("tr", "0.4000")
    writer.finish()
    found.until("#count", "3 runs: 3 finished.")
    (root / "new" / "manifest.json").unlink()
    found.until("#count", "2 runs: 2 finished.")
    assert found.row("new").count() == 0
    assert found.page.evaluate("window.mark") == "kept"  # the page was never loaded again
    assert found.said == []


def test_a_live_run_grows_on_its_page(opened: Any, root: Path, begun: Begin) -> None:
    writer = begun(root / "live", [])
    found = opened("/run?path=live")
    found.until("#badge", "running after 0 of 1 rounds")
    found.until("#numbers", "No round is whole yet.")
    made.append(writer, 0, [0.1, 0.2, 0.3])
    made.append(writer, 1, [0.4, 0.5, 0.6])
    found.until("#badge", "running after 2 of 1 rounds")
    chart = found.page.get_by_role("img", name="mean accuracy against rounds; at the end 0.5 at 2")
    before = chart.locator("path").get_attribute("d")
    made.append(writer, 2, [0.7, 0.7, 0.7])
    found.page.get_by_role("img", name="at the end 0.7 at 3").wait_for()
    assert found.page.locator(".chart path").get_attribute("d") != before
    assert "0.7000" in found.page.locator("#numbers").inner_text()
    writer.stop("Interrupted.")
    found.until("#badge", "stopped after 3")
    found.until("#warning", "Stopped: Interrupted.")
    assert found.said == []


def test_the_axes_can_be_chosen(opened: Any) -> None:
    found = opened("/run?path=mine")
    found.until("#badge", "finished")
    found.page.get_by_label("Across").select_option("MB sent, all devices")
    assert found.page.get_by_role(
        "img", name="mean accuracy against MB sent, all devices; at the end 0.8 at 0.0009"
    ).count()
    found.page.get_by_label("Up").select_option("density")
    assert found.page.get_by_role("img", name="density against MB sent").count()
    found.page.get_by_label("Across").select_option("joules, all devices")
    found.until(".chart", "Nothing was measured yet.")  # these radios know no energy


def test_two_runs_are_ticked_and_compared(opened: Any) -> None:
    found = opened()
    found.until("#count", "2 runs")
    found.page.get_by_label("Compare mine").check()
    assert not found.page.get_by_role("link", name="Compare").is_visible()
    found.page.get_by_label("Compare x").check()
    found.page.get_by_role("link", name="Compare", exact=True).click()
    found.until("#equal", "keys differ")
    rows = [row.split("\t") for row in found.page.locator("#numbers").inner_text().split("\n")]
    values = {row[0]: row[1:] for row in rows}
    assert values["rounds"] == ["3", "2", "−1"]
    assert values["best mean accuracy"] == ["0.8", "0.5", "−0.3"]
    assert values["rounds to 0.47"] == ["2", "2", "0"]  # 95 % of .5, rounded down
    keys = [row.split("\t") for row in found.page.locator("#keys").inner_text().split("\n")]
    assert ("algorithm.lr", "0.25") in [(key, b) for key, _, b in keys]
    assert "data.name" not in [key for key, *_ in keys]
    assert found.page.locator(".chart path.curve").count() == 2
    found.page.get_by_label("Target accuracy").fill("0.75")
    assert "rounds to 0.75\t3\t–" in found.page.locator("#numbers").inner_text()


def test_another_run_can_be_chosen_to_compare(opened: Any) -> None:
    found = opened("/compare?a=mine")
    found.page.get_by_label("B", exact=True).select_option("density/cells/x")
    found.until("#equal", "keys differ")
    assert found.page.url.endswith("b=density%2Fcells%2Fx")


def test_runs_that_measure_other_things_are_named_as_such(opened: Any, root: Path) -> None:
    made.run(root / "other", traced=False, data={"name": "cifar10"})
    found = opened("/compare?a=mine&b=other")
    found.until("#warning", "do not measure one thing: data.name")
    assert found.page.locator("#warning").is_visible()


def test_the_list_is_filtered_and_sorted(opened: Any) -> None:
    found = opened()
    found.until("#count", "2 runs")
    found.page.get_by_label("Filter").fill("d-psgd")
    assert not found.row("mine").is_visible()
    assert found.row("x").is_visible()
    found.page.get_by_label("Filter").fill("")
    found.page.get_by_label("State").select_option("running")
    assert not found.row("x").is_visible()
    found.page.get_by_label("State").select_option("")
    heading = found.page.get_by_role("columnheader", name="best").first
    heading.get_by_role("button").click()
    assert heading.get_attribute("aria-sort") == "ascending"


def test_what_a_run_is_called_and_says_is_text(opened: Any, root: Path) -> None:
    folder = made.run(root / HOSTILE, name=HOSTILE, traced=False, done=False)
    made.spoil(folder, command=HOSTILE, seed=HOSTILE)
    (folder / "log.jsonl").write_text('{"event": "stopped", "reason": "<img src=x onerror=alert(1)>"}')
    sweep = planned(root / f"sweep{HOSTILE}", ["z"])
    (sweep / "failed").mkdir()
    (sweep / "failed" / "z.txt").write_text(HOSTILE)
    found = opened()
    found.until("#count", "3 runs")
    found.row(HOSTILE).get_by_role("link").click()
    found.until("#warning", HOSTILE)
    assert found.page.get_by_role("heading", name=HOSTILE, level=1).is_visible()
    found.page.get_by_role("link", name="Compare with another").click()
    found.page.get_by_label("B", exact=True).select_option("mine")
    found.until("#equal", "keys differ")
    assert found.page.locator("img").count() == 0
    assert found.said == []


def test_a_damaged_run_says_why(opened: Any, root: Path) -> None:
    (root / "bad").mkdir()
    (root / "bad" / "manifest.json").write_text("{")
    found = opened()
    found.until("#count", "1 cannot be read")
    assert found.page.get_by_label("Compare bad").is_disabled()
    found.row("bad").get_by_role("link").click()
    found.until("#offline", "manifest.json is damaged")


def test_the_report_opens(opened: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("testbed.page.pictures.of_run", lambda *_: [])  # figures take seconds, and have tests
    found = opened("/run?path=mine")
    found.until("#badge", "finished")
    with found.page.context.expect_page() as other:
        found.page.get_by_role("link", name="Full report").click()
    assert other.value.get_by_role("heading", name="Make it again").is_visible()
    said: list[str] = []
    other.value.on("console", lambda message: said.append(message.text))
    other.value.reload()
    assert other.value.get_by_role("button", name="Theme: auto").is_visible()  # its script ran
    assert said == []


def test_the_theme_stays_from_page_to_page(opened: Any) -> None:
    found = opened(color_scheme="light")
    found.page.get_by_role("button", name="Theme: auto").click()
    found.page.get_by_role("button", name="Theme: light").click()
    found.row("mine").get_by_role("link").click()
    assert found.page.get_by_role("button", name="Theme: dark").is_visible()


def test_a_server_that_is_gone_is_said(opened: Any, server: Server) -> None:
    found = opened()
    found.until("#count", "2 runs")
    server.shutdown()
    server.server_close()
    found.until("#offline", "The server does not answer any more")
    assert found.row("mine").is_visible()


def test_everything_to_be_used_has_a_name(opened: Any) -> None:
    for target, ready in READY.items():
        found = opened(target)
        found.until(*ready)
        for role in ("button", "combobox", "checkbox", "link", "img", "region", "searchbox", "spinbutton"):
            for each in found.page.get_by_role(role).all():
                assert each.evaluate("e => (e.ariaLabel || e.labels?.[0]?.textContent || e.textContent).trim()"), role
