"""The contract between cell and host: requests, replies, and their encoding."""
