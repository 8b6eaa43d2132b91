"""What a person sees in a terminal: progress, summaries, tables. Verbs import what they need of it, and no more."""
