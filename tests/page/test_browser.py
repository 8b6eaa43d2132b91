"""The page in a real browser: Chromium without a window, driven by Playwright."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from testbed.page import write_page
from tests.chromium import CONTRAST, DESKTOP, PHONE, launched, needs_chromium
from tests.page import made
from tests.page.made import HOSTILE
from tests.report.recordings import MS, RADIO, both, delivered, exchange, linked, pair_and_loner, sent, spent

pytestmark = needs_chromium
BESIDE_2 = """() => {
  const canvas = document.querySelector('canvas'), wide = canvas.clientWidth, scale = canvas.width / wide;
  return [...canvas.getContext('2d').getImageData((wide - 40) * scale, (wide / 2 - 9) * scale, 1, 1).data];
}"""
PIXELS = "document.querySelector('canvas').toDataURL()"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    yield from launched()


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pages of a run and of a sweep."""
    folder = tmp_path_factory.mktemp("pages")
    made.run(folder / "run", name=HOSTILE)
    away = exchange(linked([]), delivered([]), spent(3, away_ns=[0, 50 * MS, 100 * MS]), 100 * MS, 200 * MS)
    moving = [pair_and_loner(), (sent([], 0), away)]
    made.run(
        folder / "sweep" / "cells" / "moves", made.ACCURACIES[:2], rounds=moving, network={**RADIO, "mobility": "x"}
    )
    made.run(folder / "sweep" / "cells" / "still", made.ACCURACIES[1:])
    nowhere = spent(3, x_m=[float("nan")] * 3, y_m=[float("nan")] * 3)
    placeless = (sent([0], 0), exchange(linked(both((0, 1))), delivered([]), nowhere))
    made.run(folder / "graph", [[float("nan")] * 3], rounds=[placeless], network={"kind": "graph"})
    alone = (sent([0], 0), exchange(linked([]), delivered([]), spent(1), 0, 0))
    made.run(folder / "alone", [[0.5]], rounds=[alone])
    made.run(folder / "traceless", traced=False)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("of_run", "of_runs"):  # figures take seconds: those of the first page are enough
            patch.setattr(f"testbed.page.pictures.{name}", lambda *_: [])
        for name in ("sweep", "graph", "alone", "traceless"):
            write_page(folder / name, folder / f"{name}.html")
    write_page(folder / "run", folder / "run.html")
    return folder


class Opened:
    """A page that is open, with all that it said and asked for."""

    def __init__(self, context: Any, file: Path) -> None:
        self.page, self.said, self.asked = context.new_page(), list[str](), list[str]()
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(file.as_uri())
        if self.page.locator("canvas").count():
            self.page.locator("#replay[data-ready=yes]").wait_for()

    @property
    def slider(self) -> Any:
        return self.page.get_by_role("slider", name="Simulated time")

    def now(self) -> float:
        return float(self.slider.input_value())

    def part(self, name: str) -> str:
        return str(self.page.locator(f"[data-part={name}]").inner_text())

    def seek(self, share: float) -> None:
        self.slider.evaluate(
            "(slider, share) => { slider.value = share * slider.max; slider.dispatchEvent(new Event('input')); }", share
        )

    def until(self, expression: str) -> None:
        """Wait for it to be true; Playwright's own way of waiting is `eval`, which the page forbids."""
        for _ in range(1000):
            if self.page.evaluate(expression):
                return
            self.page.wait_for_timeout(20)
        raise AssertionError(f"never true: {expression[:200]}")

    def pixels(self) -> str:
        return str(self.page.evaluate(PIXELS))

    def background(self) -> str:
        return str(self.page.evaluate("getComputedStyle(document.body).backgroundColor"))


@pytest.fixture
def opened(browser: Any, folder: Path) -> Iterator[Any]:
    """Opens a page by its name, with what the browser is told to be like."""
    contexts = []

    def at(name: str = "run", **options: Any) -> Opened:
        contexts.append(browser.new_context(**{"viewport": DESKTOP, "offline": True, **options}))
        return Opened(contexts[-1], folder / f"{name}.html")

    yield at
    for context in contexts:
        context.close()


@pytest.mark.parametrize("name", ["run", "sweep", "graph", "alone", "traceless"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_page_loads_in_silence_alone_and_fits(opened: Any, folder: Path, name: str, viewport: dict[str, int]) -> None:
    found = opened(name, viewport=viewport)
    found.seek(0.5) if name != "traceless" else None
    assert found.said == []
    assert found.asked == [(folder / f"{name}.html").as_uri()]
    wide = found.page.evaluate("[document.documentElement.scrollWidth, document.body.scrollWidth]")
    assert max(wide) <= viewport["width"]


def test_what_a_run_is_called_is_text(opened: Any) -> None:
    found = opened()
    assert found.page.title() == HOSTILE
    assert found.page.get_by_role("heading", name=HOSTILE, level=1).is_visible()
    assert found.page.locator("img").count() == 0


def test_nothing_but_the_page_itself_may_run(opened: Any) -> None:
    found = opened()
    found.page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=window.bad=1>')")
    found.page.evaluate("fetch('http://127.0.0.1:9/').catch(() => { window.refused = true; })")
    found.until("window.refused")
    assert found.page.evaluate("window.bad") is None
    assert any("Content Security Policy" in each for each in found.said)


def test_the_slider_moves_time_and_the_picture(opened: Any) -> None:
    found = opened()
    assert found.part("time") == "0.0000 s"
    before = found.pixels()
    found.seek(40 / 300)  # the message of device 0 is half way, that of device 1 begins
    assert found.part("time") == "0.0400 s"
    assert found.part("flying") == "2"
    assert found.part("arrived") == "0 of 2"
    assert found.part("lost") == "1"
    assert found.part("mean") == "not yet"
    assert found.pixels() != before
    found.seek(160 / 300)
    assert found.part("round") == "1 of 0 to 2"
    assert found.part("arrived") == "1 of 2"
    assert found.part("mean") == "0.200"  # of round 0: .1, .2, .3


def test_what_arrived_in_a_round_does_not_count_in_the_next(opened: Any) -> None:
    found = opened()
    found.seek(1 / 3)
    assert found.part("round") == "1 of 0 to 2"
    assert found.part("arrived") == "0 of 2"
    assert found.part("flying") == "0"


def test_accuracy_colours_devices(opened: Any) -> None:
    """Device 2 has no link and no message, and nobody moves: nothing else about it changes."""
    found = opened("run")
    seen = []
    for share in (0, 0.4, 0.7, 1):
        found.seek(share)
        seen.append(tuple(found.page.evaluate(BESIDE_2)))
    assert len(set(seen)) == 4


def test_play_goes_on_until_pause(opened: Any) -> None:
    found = opened()
    found.page.get_by_role("button", name="Play").click()
    found.until("document.querySelector('input').valueAsNumber > 0")
    before = found.pixels()
    found.until(f"{PIXELS} !== {before!r}")
    found.page.get_by_role("button", name="Pause").click()
    stopped = found.now()
    found.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert found.now() == stopped > 0
    assert found.page.get_by_role("button", name="Play").is_visible()


def test_play_ends_at_the_end_and_begins_anew(opened: Any) -> None:
    found = opened()
    found.seek(0.999)
    found.page.get_by_role("button", name="Play").click()
    found.page.get_by_role("button", name="Play").wait_for()  # it has paused by itself
    assert found.part("time") == "0.3000 s"
    found.page.get_by_role("button", name="Play").click()
    found.until("document.querySelector('input').valueAsNumber < 0.9 * document.querySelector('input').max")


@pytest.mark.parametrize("where", ["canvas", "input[type=range]"])
def test_keys_move_time(opened: Any, where: str) -> None:
    found = opened()
    found.page.locator(where).focus()
    press = partial(found.page.locator(where).press)
    for key, time in (
        ("ArrowRight", "0.0050 s"),  # a twentieth of a round
        ("Shift+ArrowRight", "0.1000 s"),
        ("PageUp", "0.2000 s"),
        ("ArrowLeft", "0.1950 s"),
        ("Shift+ArrowLeft", "0.1000 s"),
        ("PageDown", "0.0000 s"),
        ("End", "0.3000 s"),
        ("Home", "0.0000 s"),
    ):
        press(key)
        assert found.part("time") == time, key
    press("Space")
    found.page.get_by_role("button", name="Pause").wait_for()
    press("Space")
    found.page.get_by_role("button", name="Play").wait_for()


def test_space_on_the_button_toggles_once(opened: Any) -> None:
    found = opened()
    found.page.get_by_role("button", name="Play").press("Space")
    assert found.page.get_by_role("button", name="Pause").is_visible()


def test_a_device_is_followed_by_choice_and_by_a_click(opened: Any) -> None:
    found = opened()
    found.seek(60 / 300)
    before = found.pixels()
    found.page.get_by_label("Follow").select_option("1")
    assert "Device 1: accuracy not yet measured, 1 links; of it 1 messages under way" in found.part("device")
    assert found.pixels() != before
    canvas = found.page.locator("canvas")
    box = canvas.bounding_box()
    canvas.click(position={"x": box["width"] / 2, "y": box["height"] / 2})  # device 1 stands in the middle
    assert found.part("device") == ""
    canvas.click(position={"x": box["width"] / 2, "y": box["height"] / 2})
    assert found.part("device").startswith("Device 1:")


def test_light_and_dark_follow_the_system_and_the_button(opened: Any) -> None:
    found = opened(color_scheme="light")
    light, light_map = found.background(), found.pixels()
    found.page.emulate_media(color_scheme="dark")
    found.until(f"{PIXELS} !== {light_map!r}")
    assert found.background() != light
    button = found.page.get_by_role("button", name="Theme: auto")
    button.click()
    assert found.background() == light  # by the button, though the system is dark
    assert found.pixels() == light_map
    found.page.get_by_role("button", name="Theme: light").click()
    assert found.background() != light


def test_words_stand_for_the_picture(opened: Any) -> None:
    found = opened()
    picture = found.page.get_by_role("img", name="Map of devices, links and messages")
    words = found.page.locator(f"#{picture.get_attribute('aria-describedby')}")
    assert words.get_attribute("aria-live") == "polite"
    found.seek(0.5)
    found.until("document.querySelector('#words').textContent.includes('0.1500 s')")
    assert (
        "round 1 of 0 to 2: density 0.333, messages under way: 1, arrived in this round: 1 of 2" in words.inner_text()
    )
    assert found.slider.get_attribute("aria-valuetext") == "0.1500 s, round 1"


def test_everything_to_be_used_has_a_name(opened: Any) -> None:
    found = opened("sweep")
    for name in ("Speed", "Follow"):
        assert found.page.get_by_role("combobox", name=name).is_visible()
    for role in ("button", "combobox", "slider", "link", "img", "region"):
        for each in found.page.get_by_role(role).all():
            assert "''" not in each.aria_snapshot(), role
            assert each.evaluate("e => (e.ariaLabel || e.labels?.[0]?.textContent || e.textContent).trim()"), role


def test_less_motion_is_steps_by_round(opened: Any) -> None:
    found = opened(reduced_motion="reduce")
    found.page.get_by_role("button", name="Play").click()
    found.until("document.querySelector('input').valueAsNumber > 0")
    found.page.get_by_role("button", name="Pause").click()
    assert found.part("time") == "0.1000 s"


def test_devices_glide_between_recorded_places(opened: Any) -> None:
    found = opened("sweep")
    found.seek(0.2)
    before = found.pixels()
    found.seek(0.21)
    assert found.pixels() != before


def test_a_heading_sorts_the_cells(opened: Any) -> None:
    found = opened("sweep")
    first = found.page.locator("#cells tbody th").first
    assert first.inner_text() == "moves"
    heading = found.page.get_by_role("columnheader", name="best accuracy")
    heading.get_by_role("button").click()
    assert first.inner_text() == "moves"  # .5 before .8
    heading.get_by_role("button").click()
    assert first.inner_text() == "still"
    assert heading.get_attribute("aria-sort") == "descending"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_can_be_read(opened: Any, scheme: str) -> None:
    """The contrast of WCAG 2, level AA, of every text with what is behind it."""
    assert opened("sweep", color_scheme=scheme).page.evaluate(CONTRAST) == []
