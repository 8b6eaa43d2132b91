from pathlib import Path

import pytest

from testbed.errors import UserError
from testbed.sweep.file import read_sweep
from tests.sweep.made import HEAD, written


def test_sections_may_be_dotted_tables_or_quoted(tmp_path: Path) -> None:
    dotted = HEAD + "[set]\nrun.rounds = 3\n[grid]\nnetwork.density = [0.2, 0.5]\n"
    tables = HEAD + "[set.run]\nrounds = 3\n[grid.network]\ndensity = [0.2, 0.5]\n"
    quoted = HEAD + '[set]\n"run.rounds" = 3\n[grid]\n"network.density" = [0.2, 0.5]\n'
    files = [read_sweep(written(tmp_path, text)) for text in (dotted, tables, quoted)]
    assert files[0] == files[1] == files[2]
    assert files[0].common == {"run.rounds": 3}
    assert files[0].grid == {"network.density": [0.2, 0.5]}


def test_seeds_are_a_count_or_a_list(tmp_path: Path) -> None:
    assert read_sweep(written(tmp_path, HEAD + "seeds = 3\n")).seeds == [1, 2, 3]
    assert read_sweep(written(tmp_path, HEAD + "seeds = [5, 2]\n")).seeds == [5, 2]
    assert read_sweep(written(tmp_path, HEAD)).seeds is None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "sweep.toml: sweep is missing"),
        ("[sweep]\nname = 'a'\n", "sweep.base is missing"),
        ("[sweep]\nname = '../a'\nbase = 'b'\n", "should be letters, digits"),
        (HEAD + "[gird]\n", "gird is not known; a sweep has sweep, set, grid, list and random"),
        (
            HEAD + "[grid]\nnetwork.densty = [1]\n",
            r"\[grid\]: network.densty is not a key; did you mean",
        ),
        (HEAD + "[grid]\nnetwrk.density = [1]\n", "netwrk is not a section; did you mean network"),
        (HEAD + "[grid]\ndensity = [1]\n", r"'density' in \[grid\] names no key: write section.key"),
        (HEAD + "[grid]\nnetwork.density = []\n", "grid.network.density is empty"),
        (
            HEAD + "[grid]\nnetwork.density = 0.5\n",
            r"should be a list of values; one value for all cells",
        ),
        (HEAD + "[grid]\nrun.name = ['a']\n", "run.name is made by the sweep"),
        (HEAD + "seeds = 2\n[grid]\nrun.seed = [1]\n", r"\[grid\]: seeds stand in \[sweep\]"),
        (HEAD + "[set]\nrun.seed = 9\n", r"\[set\]: seeds stand in \[sweep\]"),
        (HEAD + "seeds = []\n", "seeds is empty"),
        (HEAD + "seeds = 0\n", "greater than or equal to 1"),
        (HEAD + "seeds = 'many'\n", "sweep.seeds"),
        (HEAD + "[grid]\nalgorithm.p = [1]\n[[list]]\nalgorithm.p = 3\n", "algorithm.p is varied twice"),
        (HEAD + "[random]\ndraws = 0\nalgorithm.lr = {low = 1, high = 2}\n", "random.draws = 0 is not possible"),
        (HEAD + "[random]\ndraws = 1\n", "random.keys is empty"),
        (HEAD + "[random]\ndraws = 1\nalgorithm.lr = {low = 2, high = 1}\n", "with low below high"),
        (HEAD + "[random]\ndraws = 1\nalgorithm.lr = {low = 0, high = 1, log = true}\n", "low should be above 0"),
        (HEAD + "[random]\ndraws = 1\nalgorithm.lr = {choice = []}\n", "choice is a list of values"),
        ("[sweep\n", "is not valid TOML"),
        (HEAD + "[[set]]\nrun.rounds = 1\n", "set should be a table"),
        ("list = [1]\n" + HEAD, "list should be a table"),
    ],
)
def test_what_is_wrong_is_said(text: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=sentence):
        read_sweep(written(tmp_path, text))


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="There is no sweep file"):
        read_sweep(tmp_path / "missing.toml")
