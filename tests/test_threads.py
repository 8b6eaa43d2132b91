"""Work side by side: results in order, and cores that are left to others."""

import threading

import torch

from testbed.threads import each, sparing


def test_results_are_in_order_on_however_many_threads() -> None:
    for cores in (0, 1, 1000):
        with sparing(cores):
            assert each(lambda a, b: a + b, range(100), range(100)) == [2 * number for number in range(100)]


def test_cores_are_spared_within_and_torch_keeps_its_own_number() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        with sparing(2):
            alone = {*each(lambda _: threading.current_thread().name, range(50))}
        assert len(alone) == 1
        assert torch.get_num_threads() == 3
        together = threading.Barrier(3, timeout=60)
        each(lambda _: together.wait(), range(3))  # passes only where three threads meet
    finally:
        torch.set_num_threads(before)


def test_every_piece_uses_one_thread_of_torch() -> None:
    with sparing(1):
        assert set(each(lambda _: torch.get_num_threads(), range(20))) == {1}
