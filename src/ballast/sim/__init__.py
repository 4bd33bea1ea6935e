"""Simulated markets on the real bytecode: paths, order flow, episodes, metrics.

One episode is a path and a flow of orders, both from a seed, played in a world: the contracts on
revm beside the venues' own bytecode, or a sketch of them in double precision.
"""
