"""A rank for each device, as the scenario lists them: what FlexLoRA, FLoRA and RBLA are tried with."""

from testbed.lora.policy import Policy


class Given(Policy):
    """r_i = lora.rank[i]."""

    title = "Given ranks"
