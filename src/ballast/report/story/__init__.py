"""The story of a market: LPs, trades both ways, margin accounts, a shock, settlements, exits."""
