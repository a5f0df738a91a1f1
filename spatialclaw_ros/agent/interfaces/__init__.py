"""Action interfaces: how a model says what is to be done, for the same loop, tools and budgets."""
