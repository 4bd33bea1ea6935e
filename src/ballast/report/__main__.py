"""``python -m ballast.report`` is the demo."""

from ballast.report.demo import cli

if __name__ == "__main__":
    cli()
