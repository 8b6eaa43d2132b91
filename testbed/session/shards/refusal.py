"""What is not sharded: where the numbers would be others, or where nobody has built it."""

from testbed.algorithms import Algorithm
from testbed.errors import UserError
from testbed.scenario import Scenario
from testbed.scenario.algorithms import is_file


def refuse(scenario: Scenario, algorithm: Algorithm) -> None:
    """Raises UserError for a scenario that runs in one process alone."""
    run, name = scenario.run, scenario.algorithm.name
    if run.mode != "barrier":
        raise UserError(
            f'--engine ray: run.mode = "{run.mode}" goes from event to event, one device after the other, so that '
            'there is nothing to share out: take run.mode = "barrier", or --engine local.'
        )
    if scenario.lora is not None:
        raise UserError(
            "--engine ray: the policies and merges of [lora] look at all devices together: take --engine local."
        )
    own = is_file(name) and "shardable" not in vars(type(algorithm))
    if own or not algorithm.shardable:
        raise UserError(
            f'--engine ray: algorithm.name = "{name}" mixes for all devices at once (docs/engines.md lists those that '
            "mix for some): take --engine local."
        )
    if scenario.model.accelerator is not None:
        raise UserError(
            f'--engine ray: model.accelerator = "{scenario.model.accelerator}" computes for several devices at once, '
            "and last digits depend on how many they are: leave it out, or take --engine local."
        )
    if scenario.model.execution == "batched" and scenario.model.name == "cnn":
        raise UserError(
            '--engine ray: model.execution = "batched" has the convolutions of several devices computed as one, whose '
            'numbers depend on how many they are: take "auto", or --engine local.'
        )
