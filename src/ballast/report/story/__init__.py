"""The story of a market: LPs, trades both ways, a shock, two settlements and the way out."""
