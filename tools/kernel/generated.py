"""What both generators do with the text that they made."""

import sys
from pathlib import Path


def write_or_check(target: Path, text: str, command: str) -> int:
    """Write the file, or with `--check` compare it. The exit status."""
    if "--check" not in sys.argv:
        target.write_text(text)
        print(f"wrote {target.name}")
        return 0
    same = target.read_text() == text
    print(f"{target.name}: as generated" if same else f"{target.name}: differs; run {command}")
    return 0 if same else 1
