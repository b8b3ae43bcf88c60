"""What a failed member's line says: the step, what Prism said, and what to do about it.

Prism says what failed, seldom what to change. Where an error brings no advice of its own, the step at which it came
does: it tells which properties of the pool, or which part of the cluster, have a say in it.
"""

from __future__ import annotations

from pulumi_ahv.kernel.errors import AhvError

_ADVICE = {
    "cloning the template": "Make room on the cluster, or correct networks and addresses",
    "reading the machine": "See that Prism can be reached",
    "giving it its name and mark": "See what else changes the machine, or correct vcpus, memory and categories",
    "giving it its network cards": "Free the address, or correct networks and addresses",
    "rendering the payload": "Correct the payload",
    "making its disc": "Make room where the cluster keeps images",
    "inserting its disc": "Leave a CD-ROM drive of the template free",
    "handing the payload to Prism's customisation": "Correct the payload, or set payload.delivery to cdrom",
    "switching it on": "Make room on a host of the cluster, or lower memory and vcpus",
    "waiting for its guest tools": "Look at its console, or raise readiness.timeout",
    "taking its disc out": "See what else uses its CD-ROM drives",
    "switching it off": "Shut it down by hand",
    "removing it": "See what holds the machine, or delete it by hand",
}
_NEXT = "the next `up` goes on from here"


def line(step: str, why: object) -> str:
    """One line for a step that failed; ``why`` is an error, or plain words."""
    advice = f"{_ADVICE[step]}; {_NEXT}." if step in _ADVICE else f"{_NEXT.capitalize()}."
    if not isinstance(why, AhvError):
        return str(AhvError(step, said=str(why), advice=advice))
    return str(AhvError(f"{step}: {why.doing}", said=why.said, advice=why.advice or advice))


def vanished(uuid: str) -> AhvError:
    """Why a step ended for a machine that somebody deleted meanwhile."""
    return AhvError(f"machine {uuid}", said="it is not there any more", advice="The next `up` makes it anew.")
