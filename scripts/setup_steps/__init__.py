"""The steps of `make setup`; standard library only, since they run before anything is installed."""
