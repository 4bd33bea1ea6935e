"""The demo: the story of a market as tables and as one HTML page, or its pricing kernel alone."""
