"""Keepers: who does what a market needs done, and what happens in one turn of theirs.

Each keeper reads a state, decides by a pure function of it, and acts. None of them is trusted: the
contracts judge every call, and all but the posting of surfaces is open to anybody.
"""
