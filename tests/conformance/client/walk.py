"""Walks bodies that the test hands in: a JSON list on stdin, a list of lists of findings on stdout."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

from walker import Walker


def main() -> None:
    """Each item is a ``body`` event of a life cycle, whose body may have been changed."""
    answers = []
    for item in json.load(sys.stdin):
        findings = Walker(item["namespace"]).body(
            item["answer"], item["body"], minor=item["minor"], status=item["status"]
        )
        answers.append([asdict(finding) for finding in findings])
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
