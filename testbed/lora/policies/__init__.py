"""One policy on ranks a file; its name is the one in `lora.policy`."""
