"""The rules of the house, as functions from a tree to a list of what breaks them."""
