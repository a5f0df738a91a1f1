"""Name of the action, shared by server and clients; relative, so that it can be remapped."""

ACTION = 'spatial_query'
