"""What everyone who works on a pool's machines during one run holds in his hands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pulumi_ahv.kernel.clock import Clock, Deadline
from pulumi_ahv.kernel.errors import AhvError
from pulumi_ahv.kernel.progress import Progress
from pulumi_ahv.payload.payload import RenderedPayload
from pulumi_ahv.prism.vm_interface import Doings, MachineSite, Outcomes
from pulumi_ahv.prism.vms import NicSpec, Vm
from pulumi_ahv.resources.pool.actual import Eyes, Standing
from pulumi_ahv.resources.pool.advising import line
from pulumi_ahv.resources.pool.marks import DIGEST_DIGITS, PoolMarks
from pulumi_ahv.resources.pool.payloads import Payloads
from pulumi_ahv.resources.pool_plan.members import ActualMember, DesiredMember
from pulumi_ahv.schema.pool import PoolInputs

_SHOWN = 3


@dataclass(frozen=True)
class Job:
    """One run of one pool.

    ``templates`` are the templates of the versions that members may be made of, ``payloads`` those that may have to be
    delivered: of the new inputs and, for a way back, of the old ones. ``forerunners`` are the machines that state knows
    in each slot: what is made after one of them is another intention than what was made before. ``left`` collects what
    would not go, in a line for each UUID: it keeps the pool unready, so that there is a next run.
    """

    site: MachineSite
    clock: Clock
    progress: Progress
    told: PoolInputs
    marks: PoolMarks
    eyes: Eyes
    cluster_uuid: str
    templates: Mapping[str, str]
    payloads: Sequence[Payloads]
    subnet_uuids: Mapping[str, str]
    category_uuids: tuple[str, ...] | None
    forerunners: Mapping[int, str]
    left: dict[str, str] = field(default_factory=dict)

    def doings(self) -> Doings:
        """The surroundings of one bulk call."""
        return Doings(Deadline(self.clock, self.told.timeout), self.progress)

    def say(self, doing: str, whom: Sequence[Work | ActualMember], then: str = "") -> None:
        """Tell what is being done to whom, in a line."""
        names = [each.name for each in whom]
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        self.progress(f"{self.told.name}: {doing} {', '.join(names[:_SHOWN])}{more}{then}")

    def payload(self, target: DesiredMember) -> RenderedPayload | None:
        """The payload of a member, by its digest; ``None`` when it is to have none.

        Raises:
            AhvError: no inputs that we have make it any more.
        """
        wanted = target.facts.payload_digest
        if not wanted:
            return None
        for payloads in self.payloads:
            rendered = payloads.render(target.slot, target.name)
            if rendered is not None and rendered.digest[:DIGEST_DIGITS] == wanted:
                return rendered
        raise AhvError(
            f"Member {target.name}: its payload {wanted} cannot be rendered any more",
            said="the template, a variable or a secret has changed",
            advice="Put the old template file back, or go on to the new payload with the next `up`.",
        )

    def file(self, target: DesiredMember) -> str:
        """Address of the file that is the payload of a member; empty where it is none."""
        wanted = target.facts.payload_digest
        filed = (payloads.filed for payloads in self.payloads if wanted)
        found = (each for each in filed if each.digest(target.slot, target.name) == wanted)
        return next((each.address(target.slot, target.name) for each in found), "")

    def nics(self, target: DesiredMember) -> tuple[NicSpec, ...] | None:
        """Cards of a member; ``None`` leaves those of the template. Prism gives addresses on managed subnets only."""
        if target.facts.networks is None:
            return None
        parts = [card.rpartition(" ") if " " in card else (card, "", "") for card in target.facts.networks]
        found = [(self.subnet_uuids[network], address) for network, _, address in parts]
        managed = self.eyes.spelling.managed
        return tuple(NicSpec(subnet, address if subnet in managed else "") for subnet, address in found)


@dataclass
class Work:
    """One machine on its way. ``failure`` ends it; ``standing`` is what state will say of it."""

    target: DesiredMember
    uuid: str = ""
    vm: Vm | None = None
    replaced: str = ""
    failure: str = ""
    standing: Standing = Standing.HALF_MADE
    delivered: bool = False
    by_disc: bool = False
    started: float = 0.0
    times: dict[str, float] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What it is to be called."""
        return self.target.name

    @property
    def going(self) -> bool:
        """Whether it has not failed."""
        return not self.failure

    def fail(self, doing: str, why: object, standing: Standing = Standing.HALF_MADE) -> None:
        """End it at a step; ``why`` is an error, or plain words."""
        self.failure = line(doing, why)
        self.standing = standing


def attempt(works: Sequence[Work], doing: str, call: Callable[[], Outcomes], key: Callable[[Work], str]) -> None:
    """Make one bulk call for many machines, and note who failed; when the call as a whole fails, everyone did."""
    if not works:
        return
    try:
        outcomes = call()
    except AhvError as error:
        for work in works:
            work.fail(doing, error)
        return
    for work in works:
        outcome = outcomes.get(key(work))
        if outcome is None:
            work.fail(doing, "Prism did not say how it ended")
        elif outcome.error is not None:
            if not isinstance(outcome.error, AhvError):
                raise outcome.error
            work.fail(doing, outcome.error)
        elif outcome.uuid and not work.uuid:
            work.uuid = outcome.uuid


def going(works: Sequence[Work]) -> list[Work]:
    """Those that have not failed."""
    return [work for work in works if work.going]


def by_uuid(work: Work) -> str:
    """The key of calls that name machines by UUID."""
    return work.uuid
