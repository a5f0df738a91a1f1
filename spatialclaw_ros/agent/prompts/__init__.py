"""Texts of which the prompts are made."""
