"""Prism's own customisation of members: of clones that stand, or, on an Element, with the call that makes them.

An Element takes it at no other time (api-legacy, section 1.6). So which payload a clone was given has to be told from
its birth on, and its working name tells it: a clone that was given another one is not taken up, but made anew.
"""

from __future__ import annotations

from pulumi_ahv.kernel.errors import AhvError
from pulumi_ahv.payload.layouts import ANSWER_FILES, META_DATA, USER_DATA, Layout
from pulumi_ahv.payload.limits import Delivery, PrismSite, choose
from pulumi_ahv.payload.payload import RenderedPayload
from pulumi_ahv.payload.spec import Identity
from pulumi_ahv.prism.values import Product
from pulumi_ahv.prism.vm_interface import MachineSite
from pulumi_ahv.prism.vms import Customization
from pulumi_ahv.resources.pool.job import Job
from pulumi_ahv.resources.pool_plan.members import DesiredMember
from pulumi_ahv.schema.pool import PoolInputs

_UNBORN = Identity("")


def is_at_birth(site: MachineSite, told: PoolInputs) -> bool:
    """Whether the payload of a pool goes with the calls that make its machines."""
    given = told.payload
    return site.info.product is Product.ELEMENT and given is not None and given.delivery in ("prism", "path")


def delivery_of(job: Job, payload: RenderedPayload) -> Delivery:
    """How a payload reaches its machine.

    Raises:
        ValueError: not in the way that was asked for.
    """
    given = job.told.payload
    wanted = Delivery(given.delivery) if given else Delivery.AUTO
    return choose(wanted, payload.texts(), PrismSite(job.site.info.product is Product.CENTRAL)).delivery


def at_birth(job: Job, target: DesiredMember) -> Customization | None:
    """What a new machine is told by the call that makes it; ``None`` where it is told afterwards, or nothing at all.

    Raises:
        AhvError: no inputs that we have make its payload any more.
        ValueError: Prism's own customisation cannot carry it.
    """
    if not job.eyes.at_birth or not target.facts.payload_digest:
        return None
    given, address = job.told.payload, job.file(target)
    if given and address:
        return Customization(given.kind, b"", path=address)
    payload = job.payload(target)
    if payload is None or delivery_of(job, payload) is not Delivery.PRISM:
        raise AhvError(f"Member {target.name}: its payload is none that goes with a clone")
    return customization_of(payload, _UNBORN)


def customization_of(payload: RenderedPayload, identity: Identity) -> Customization:
    """A payload as Prism takes it."""
    files, layout = payload.files(identity), payload.spec.layout
    if layout is Layout.WINDOWS:
        return Customization("unattend", files.get(ANSWER_FILES[0], b""))
    return Customization("cloudInit", files.get(USER_DATA[layout], b""), files.get(META_DATA[layout], b""))
