"""One query: a kernel's calls answered with engines and models."""
