"""Price a board with the Pricer contract and draw it: ``ape run demo`` or ``make demo``."""

from ballast.report.demo import cli

__all__ = ["cli"]

if __name__ == "__main__":
    cli()
