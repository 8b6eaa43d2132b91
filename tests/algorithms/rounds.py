"""Rounds without a session: training handed in, or on quadratics, over graphs given as matrices."""

from collections.abc import Sequence

import networkx as nx
import torch
from torch import Tensor

from testbed.algorithms import Algorithm, State, Training, create
from testbed.exchange import ALL_NEIGHBOURS, ONE_PAIR
from testbed.matching import matching, round_seed
from testbed.scenario.schema import Algorithm as Settings

C = torch.tensor([[1.0], [2], [3], [4]], dtype=torch.float64)
B = torch.tensor([[1.0], [-1], [2], [0.5]], dtype=torch.float64)


def graph(shape: nx.Graph) -> Tensor:
    """[i, j]: i hears j."""
    return torch.from_numpy(nx.to_numpy_array(shape) > 0)


PATH, RING, STAR = graph(nx.path_graph(4)), graph(nx.cycle_graph(4)), graph(nx.star_graph(3))


def training(models: Tensor, updates: Tensor, lr: float, round_: int = 0) -> Training:
    return Training(models, updates, models.new_full((len(models), 1), lr), round_)


def delivered(algorithm: Algorithm, links: Tensor, round_: int) -> Tensor:
    """What arrives of what is sent over `links`, where nothing is lost."""
    if algorithm.audience == ALL_NEIGHBOURS:
        return links
    partner = matching(links.numpy(), round_seed(algorithm.seed, round_), 1 if algorithm.audience == ONE_PAIR else None)
    return links & (torch.from_numpy(partner)[:, None] == torch.arange(len(links)))


def mix_over(
    algorithm: Algorithm, done: Training, links: Tensor, state: State, round_: int = 0
) -> tuple[Tensor, State]:
    """All exchanges of a round over `links`, on which everything arrives."""
    models, weights = done.models, algorithm.weights(links, delivered(algorithm, links, round_), round_)
    for _ in range(algorithm.exchanges):
        models, state = algorithm.mix(done, algorithm.message(done, state), weights, state)
    return models, state


def solve(rounds: int, graphs: Sequence[Tensor] = (PATH,), seed: int = 1, **settings: object) -> Tensor:
    """(4, 1) models after `rounds` rounds on f_i(x) = c_i (x - b_i)^2 / 2 from 0 on, over the graphs in turn; the
    optimum of the sum is .7."""
    algorithm = create(Settings(**{"lr": 0.05, **settings}), {"decision": slice(0, 1)}, 4, seed)  # type: ignore[arg-type]
    lr, steps = algorithm.settings.lr, algorithm.settings.local_steps
    models = torch.zeros(4, 1, dtype=torch.float64)
    state = algorithm.start(models)
    for round_ in range(rounds):
        start, correction = algorithm.point(models, state), algorithm.correction(state)
        end = start
        for _ in range(steps):
            end = end - lr * (C * (end - B) + (0 if correction is None else correction))
        done = training(models, start - end, lr, round_)
        models, state = mix_over(algorithm, done, graphs[round_ % len(graphs)], state, round_)
    return models
