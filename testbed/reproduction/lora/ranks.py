"""What a budget gives each kind of method: keys of `[lora]`, or None where the method makes no sense there.

A budget of rank r are the bytes that rank r takes on every adapted layer, both factors. Header, head and masks come on
top for every method alike, masks for some.
"""

from typing import Any

from testbed.lora.policies.sa_fedlora import phi
from testbed.reproduction.lora.tasks import NUMBER_BYTES, Task, budget_bytes, cap, shape

Keys = dict[str, Any]
HEAT, COOL = 0.1, 0.5
"""SA-FedLoRA: shares of the rounds after which ranks begin to sink, and are at their smallest."""
SPREAD = 4
"""LoRA-A2 chooses among so many times the components that its budget pays."""


def same(task: Task, budget: int) -> Keys | None:
    """Rank r on all devices."""
    return {"rank": budget} if budget <= cap(task) else None


def one_sided(task: Task, budget: int) -> Keys | None:
    """The highest rank whose B alone fits: A is not sent."""
    per_rank = NUMBER_BYTES * sum(outputs for _, outputs in shape(task).sides)
    return {"rank": min(cap(task), budget_bytes(task, budget) // per_rank)}


def unequal(task: Task, budget: int) -> Keys | None:
    """Ranks r / 2, r, r / 2, 2 r dealt out in turn, whose mean is r; a lower highest one where layers ask for it."""
    high = min(2 * budget, cap(task))
    low = (3 * budget - high) // 2
    if high <= budget or low < 1:
        return None
    turn = (low, budget, low, high)  # whatever the number of devices, the mean is no higher
    return {"rank": tuple(turn[device % 4] for device in range(task.devices))}


def autorank(task: Task, budget: int) -> Keys | None:
    """Ranks from 1 to 2 r - 1, chosen after the flood, for which two rounds are the least."""
    high, flood = min(2 * budget - 1, cap(task)), max(1, min(5, task.rounds // 3))
    return {"rank": high, "flood_rounds": flood} if high > budget and task.rounds > flood else None


def chosen(task: Task, budget: int) -> Keys | None:
    """LoRA-A2: the budget in bytes, filled out of `SPREAD` times the components."""
    high = min(SPREAD * budget, cap(task))
    return {"rank": high, "budget_bytes": budget_bytes(task, budget)} if high > budget else None


def interval(task: Task, budget: int) -> Keys | None:
    """The same with one factor in a message: of B there is place for many, so there are more to choose among."""
    keys = one_sided(task, budget)
    assert keys is not None
    return {"rank": keys["rank"], "budget_bytes": budget_bytes(task, budget)} if keys["rank"] > budget else None


def annealed(task: Task, budget: int) -> Keys | None:
    """SA-FedLoRA: the highest first rank whose schedule sends r a round in the mean."""
    heat, cool = int(HEAT * task.rounds), max(int(COOL * task.rounds), int(HEAT * task.rounds) + 1)
    shares = [phi("cubic", t, heat, cool, 0.9) for t in range(task.rounds)]
    high = budget
    while high < cap(task) and scheduled(high + 1, shares) <= budget * task.rounds:
        high += 1
    keys = {"rank": high, "heat_rounds": heat, "cool_rounds": cool, "init_rounds": min(3, heat)}
    return keys if high > budget else None


def scheduled(high: int, shares: list[float]) -> int:
    """The sum of a schedule's ranks over the rounds, from `high` down to 1."""
    return sum(1 + int((high - 1) * share + 0.5) for share in shares)


def sinking(task: Task, budget: int) -> Keys | None:
    """Rank r at first, and whatever becomes of it."""
    return {"rank": budget} if 1 < budget <= cap(task) else None


def by_link(task: Task, budget: int) -> Keys | None:
    """Rank r at first; a message should take no longer than one of rank r takes in the middle."""
    keys, size = sinking(task, budget), budget_bytes(task, budget) + NUMBER_BYTES * shape(task).head
    return keys and {**keys, "message_s": size * task.pace_s}


def boosted(task: Task, budget: int) -> Keys | None:
    """Messages of rank 1 alone: one component after the other, up to ten."""
    stages = min(10, cap(task), task.rounds)
    return {"rank": stages, "stage_rounds": -(-task.rounds // stages)} if budget == 1 else None


def branched(task: Task, budget: int) -> Keys | None:
    """Rank 2 r, of which r is sent."""
    return {"rank": 2 * budget, "shared": budget} if 2 * budget <= cap(task) else None


def some_layers(task: Task, budget: int) -> Keys | None:
    """Rank 2 r, and those layers that fit."""
    high, layers = min(2 * budget, cap(task)), len(shape(task).sides)
    keys = {"rank": high, "layers": layers, "budget_bytes": budget_bytes(task, budget)}
    return keys if layers > 1 and high > budget else None
