"""LoRA clients: layers with adapters, ranks that policies choose, and the mixing of adapters of unequal rank."""
