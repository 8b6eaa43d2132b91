"""One rank for all devices, for ever: what FedIT and FFA-LoRA have."""

from testbed.lora.policy import Policy


class Fixed(Policy):
    """r_i = lora.rank."""

    title = "One rank"
    unequal = False
    lists = False
