"""Figures within a page: themed, harmless, and told apart from each other."""

from pathlib import Path
from xml.etree import ElementTree

from testbed.page.pictures import of_run, of_runs, themed
from tests.page import made

OPEN = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 10 10" height="1">'
)


def test_styles_become_attributes_and_colours_those_of_the_theme() -> None:
    found = themed(f'{OPEN}<path d="M0 0" style="fill: none; stroke: #0072b2; cursor: x"/></svg>', "a-", "label")
    path = ElementTree.fromstring(found)[0]
    assert path.attrib == {"d": "M0 0", "fill": "none", "stroke": "var(--c0)"}


def test_what_could_act_is_left_out() -> None:
    bad = '<script>1</script><style>a</style><image href="http://a"/><text onclick="1">&lt;b&gt;</text>'
    found = themed(f'{OPEN}{bad}<use xlink:href="http://a#x"/></svg>', "a-", "label")
    assert [each.tag for each in ElementTree.fromstring(found)] == ["text", "use"]
    assert "http" not in found
    assert "onclick" not in found
    assert "&lt;b&gt;" in found


def test_ids_of_two_figures_differ() -> None:
    text = f'{OPEN}<clipPath id="c"/><g clip-path="url(#c)"/><use xlink:href="#c"/></svg>'
    found = themed(text, "a-", "label")
    assert 'id="a-c"' in found
    assert "url(#a-c)" in found
    assert 'href="#a-c"' in found


def test_the_figures_of_a_run_are_there_and_name_themselves(tmp_path: Path) -> None:
    found = of_run(made.run(tmp_path / "a"), traced=True)
    assert len(found) == 3
    assert all(f'aria-label="{each.title}"' in each.svg and each.said for each in found)
    assert not any(str(tmp_path) in each.said or "/tmp" in each.said for each in found)


def test_a_figure_that_cannot_be_drawn_is_a_sentence(tmp_path: Path) -> None:
    (found,) = of_runs([made.run(tmp_path / "a", [[float("nan")] * 3])], ("rounds",))
    assert not found.svg
    assert "no evaluated round" in found.said
