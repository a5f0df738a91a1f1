"""Runs cells: a nursery that forks, kernels that live for one query, the channel between.

    host (asyncio) ── control ──► nursery (one thread, modules preloaded)
      │                              │ fork             ▲ asks for a fork
      └── channel, output, arena ──► kernel ── fork ──► its copy, which waits for the answer

A kernel serves one query. After each cell it leaves a copy of itself, which goes on in its place
when a cell is lost. Nothing in here knows what a cell is about: the host is given bytes and
descriptors to pass on, and the kernel a module to preload that turns them into the cell's names.
"""
