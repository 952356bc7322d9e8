"""What docs/lessons.md says that programs take, by the headings of its tables."""

import pathlib
import re

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "lessons.md"


def tables():
    """{heading: {program: seconds}}"""
    sections = re.split(r"^## (.+)$", PAGE.read_text(), flags=re.M)[1:]
    rows = {heading: re.findall(r"^\| \[`(\w+)`\].*\| (\d+\.\d+) s \|$", text, re.M)
            for heading, text in zip(sections[::2], sections[1::2])}
    return {heading: {program: float(seconds) for program, seconds in found} for heading, found in rows.items() if found}


def check(test, heading, program, told):
    """That a program took what the page says: no less, and not as long as the next slower one, or for the slowest twice as long. A busy machine may make
    it later, but not as late as that."""
    claims = tables()[heading]
    claim = claims[program]
    next_slower = min((other for other in claims.values() if other > claim), default=2 * claim)
    test.assertGreaterEqual(told, claim - 0.05, f"{program}: docs/lessons.md says that it takes longer")
    test.assertLess(told, next_slower, f"{program}: docs/lessons.md says that it takes less")
