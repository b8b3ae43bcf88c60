"""What a spectator is shown of an engine's output. The lines are the engines' own."""

from __future__ import annotations

import pytest

from pulumi_ahv.cli.demo.excerpt import Excerpt

EMBEDDED = """pulumi-ahv embedded engine (not pulumi): for trial and tests; production belongs to the pulumi command.
Updating (dev):
    pulumi:pulumi:Stack play-dev  agents: remove 1: agent-005 (its slot is surplus)
 ~  pulumi-python:dynamic/ahv:Pool agents updating (0s) [diff: ~members,size]
    pulumi:pulumi:Stack play-dev  agents: removing agent-005
    pulumi:pulumi:Stack play-dev  agents: 4 of 4 members are as they should be, after 4 s
 ~  pulumi-python:dynamic/ahv:Pool agents updated (4.06s) [diff: ~members,size]
    pulumi:pulumi:Stack play-dev 3 messages
Diagnostics:
  pulumi:pulumi:Stack (play-dev):
    agents: remove 1: agent-005 (its slot is surplus)
    agents: removing agent-005
    agents: 4 of 4 members are as they should be, after 4 s

Outputs:
    ready  : true

Resources:
    ~ 1 updated
    6 unchanged

Duration: 8s
"""
REAL = """Updating (dev):
    pulumi:pulumi:Stack play-dev  warning: using pulumi-resource-random from $PATH at pulumi-resource-random

 +  pulumi:pulumi:Stack play-dev creating (0s) warning: using pulumi-resource-random from $PATH at pulumi-resource-random
@ updating....
 +  pulumi-python:dynamic/ahv:Image second creating (0s)\x20
 +  pulumi:pulumi:Stack play-dev creating (7s) agents: switching on agent-001
@ updating....
 +  pulumi:pulumi:Stack play-dev creating (8s) agents: switching on agent-001
 ~  pulumi:pulumi:Stack play-dev refreshing (0s) agents: recreate 1: agent-001 (payloadDigest f2 → c0)
    pulumi:pulumi:Stack play-dev running Deploying 2 machines: under way, 99 %
 ++ pulumi-python:dynamic/ahv:Image extra created replacement (0.78s) [diff: ~content]
 +- pulumi-python:dynamic/ahv:Image extra replacing (0s) [diff: ~content]
 +- pulumi-python:dynamic/ahv:Image extra replaced (0.00s) [diff: ~content]
 -- pulumi-python:dynamic/ahv:Image extra deleted original (0.76s) [diff: ~content]
 +  pulumi-python:dynamic/ahv:PoolGate agents created (0.00s)\x20
 +  pulumi:pulumi:Stack play-dev created (10s) 1 warning; 8 messages
 -  pulumi:pulumi:Stack play-dev deleting (0s)\x20
Resources:
    + 5 created
    +-1 replaced
    2 changes. 5 unchanged
    1 errored
"""


@pytest.mark.parametrize(
    ("text", "shown", "end"),
    [
        (
            EMBEDDED,
            [
                "agents: remove 1: agent-005 (its slot is surplus)",
                "agents: removing agent-005",
                "agents: 4 of 4 members are as they should be, after 4 s",
                "Pool agents: updated",
            ],
            "~ 1 updated, 6 unchanged",
        ),
        (
            REAL,
            [
                "agents: switching on agent-001",
                "agents: recreate 1: agent-001 (payloadDigest f2 → c0)",
                "Deploying 2 machines: under way, 99 %",
                "Image extra: created replacement",
                "Image extra: deleted original",
            ],
            "+ 5 created, +-1 replaced, 2 changes. 5 unchanged, 1 errored",
        ),
    ],
    ids=["embedded", "pulumi"],
)
def test_what_the_provider_says_and_what_was_done_is_shown_once(text: str, shown: list[str], end: str) -> None:
    excerpt = Excerpt()
    assert [line for line in map(excerpt.line, text.splitlines()) if line] == shown
    assert excerpt.end() == end
