"""A transcript as one page that a person reads in a browser."""
