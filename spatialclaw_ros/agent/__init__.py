"""The loop that answers a question by writing cells, and what writes them."""
