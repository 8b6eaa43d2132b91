"""What a round costs, of curves made by hand."""

from testbed.reproduction.hyperprism.cells import Cell
from testbed.reproduction.hyperprism.costs import airs, costs
from testbed.reproduction.hyperprism.jobs import Jobs
from testbed.reproduction.hyperprism.results import Results
from tests.reproduction.hyperprism.made import BASE, PLAN, TASK, Made, curve, results


def test_milliseconds_of_a_round() -> None:
    timed = [curve(0.1, training_s=0.002, mixing_s=0.001), curve(diverged=True)]
    text = costs(results({"dpsgd": timed}))
    assert "| mnist5k | D-PSGD | 2.0 | 1.0 |" in text
    assert "HyperPrism |" not in text


def test_seconds_and_density_of_live_airs() -> None:
    cells = {Cell(TASK, BASE, "dpsgd", "ns3", 0.01, seed): curve(0.1, 0.2, density=0.5) for seed in (1, 2)}
    cells[Cell(TASK, BASE, "hyperprism", "ns3", 0.01, 1)] = curve(diverged=True)
    assert "| mnist5k | 0.5 | 50 | 0.500 | 1.00 ± 0.00 |  |" in airs(Results(Jobs(PLAN, Made(cells))))
    assert airs(results({})) == ""
