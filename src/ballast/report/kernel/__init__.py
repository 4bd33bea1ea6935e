"""The pricing kernel alone: a board of marks and Greeks, and how exact and dear they are."""
