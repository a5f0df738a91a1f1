"""Recipes: a grammar reads the question, a family writes its cells; no model is asked."""
