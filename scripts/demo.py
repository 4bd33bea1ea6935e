"""Open a market on a local chain and tell its story: ``ape run demo`` or ``make demo``."""

from ballast.report.demo import cli

__all__ = ["cli"]

if __name__ == "__main__":
    cli()
