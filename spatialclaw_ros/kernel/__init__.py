"""Runs cells: a nursery that forks, kernels that live for one query, the channel between.

    host (asyncio) ── control ──► nursery (one thread, modules preloaded)
      │                              │ fork
      └── channel, output, arena ──► kernel (one per query)

Nothing in here knows what a cell is about: the host is given bytes and descriptors to pass on,
and the kernel a module to preload that turns them into the cell's names.
"""
