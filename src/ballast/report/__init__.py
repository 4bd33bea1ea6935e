"""The demo: a board priced by the real contract, as a table and as one HTML page."""
