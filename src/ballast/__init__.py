"""Ballast: an options vault that prices its own risk."""
