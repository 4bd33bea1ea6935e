"""Campaigns against a whole market on the real bytecode, in process.

    python -m ballast.fuzz --cycles 1000000 --seed 1

`worlds` are markets to attack, `states` brings one into a corner, `trader` trades there by raw
calldata and counts the money, `cycles` is the campaign.
"""
