"""Messages and descriptors between the processes of one machine, over a stream socket pair."""
