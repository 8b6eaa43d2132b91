"""Adapters of a run written out, and what there is then."""

from pathlib import Path

from testbed.session import exported


def adapters(run: Path, out: Path) -> None:
    """Write the adapters of the devices of `run` to `out`, and say what they are."""
    found = exported.export(run, out)
    done, wanted = found.rounds
    low, high = found.ranks
    rank = f"{low}" if low == high else f"{low} to {high}"
    if done < wanted:
        print(f"note: {run} is not finished: these are the adapters after {done} of {wanted} rounds")
    print(
        f"{out}: an adapter for each of {found.devices} devices, rank {rank}, and the mean of their products, rank "
        f"{found.mean_rank}"
    )
    print('next: lora.start = "FOLDER/adapter_model.safetensors", or peft.PeftModel.from_pretrained(base, "FOLDER")')
