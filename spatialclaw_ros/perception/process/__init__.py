"""Model engines in a child process of their own."""
