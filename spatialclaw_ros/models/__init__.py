"""Vision-language models: a scripted double for tests and demos."""
