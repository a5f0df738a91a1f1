"""What the `spatialclaw` command does, one file per sub-command."""
