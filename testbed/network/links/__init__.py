"""The `replay` network with `replay = "links"`: the recorded links decide, and every message is timed anew."""
