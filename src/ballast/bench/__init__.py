"""Figures that this project quotes about itself, each measured by a command.

A figure is a function registered under a key in a module of this package; `python -m ballast.bench`
measures all of them. Gas and contract sizes do not depend on the machine, so their committed
snapshot (tests/gas/snapshot.json) makes every change of them visible in review.
"""
