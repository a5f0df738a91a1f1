"""Checkpoints: which there are, what they allow, whether they can be loaded here."""
