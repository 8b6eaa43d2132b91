"""LoRA clients: policies on ranks and merges of adapters, at equal bytes."""
