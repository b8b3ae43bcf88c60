"""A run: what is wanted and what is there go into the planner, and its batches are performed until it says the end.

What an interrupted run left is found by mark and taken up; images of its discs are deleted first.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from pulumi_ahv.kernel.errors import InputError
from pulumi_ahv.prism.values import Image
from pulumi_ahv.prism.vm_interface import MachineSite
from pulumi_ahv.prism.vms import Subnet, Vm
from pulumi_ahv.resources.handler import Context, State
from pulumi_ahv.resources.mark import Mark
from pulumi_ahv.resources.naming import resolve, resolve_categories
from pulumi_ahv.resources.pool.actual import Eyes, Known, Names, Spelling, Standing, is_ready, search
from pulumi_ahv.resources.pool.addressing import wrong_on_subnet
from pulumi_ahv.resources.pool.customizing import is_at_birth
from pulumi_ahv.resources.pool.delivering import delete_images, forget_uploads, left_over
from pulumi_ahv.resources.pool.job import Job
from pulumi_ahv.resources.pool.marks import PoolMarks
from pulumi_ahv.resources.pool.payloads import Payloads
from pulumi_ahv.resources.pool.performing import Performer
from pulumi_ahv.resources.pool.seeing import look_of, with_tools
from pulumi_ahv.resources.pool.wanted import desired_of
from pulumi_ahv.resources.pool_plan.deciding import Run, is_broken, next_batch
from pulumi_ahv.resources.pool_plan.members import ActualMember, Phase
from pulumi_ahv.resources.pool_plan.run import advance, begin
from pulumi_ahv.resources.pool_plan.settings import Desired
from pulumi_ahv.resources.pool_plan.steps import Batch, End
from pulumi_ahv.resources.watching import Watch
from pulumi_ahv.schema.pool import PoolInputs


@dataclass(frozen=True)
class Ran:
    """What came of a run: its end, every machine that is there now, how long things took, and what would not go."""

    end: End
    vms: Mapping[str, Vm]
    known: Mapping[str, Known]
    desired: Desired
    times: Mapping[str, Mapping[str, float]]
    seconds: float
    left: tuple[str, ...]


def marks_of(told: PoolInputs) -> PoolMarks:
    """The marks of the pool that inputs declare."""
    return PoolMarks(told.owner, (told.connection or "", told.cluster or ""))


def eyes_of(site: MachineSite, told: PoolInputs, versions: frozenset[str] = frozenset()) -> Eyes:
    """Who sees members in machines; asks Prism for names only where the user has set some."""
    known = site.networks.subnets() if told.networks else []
    subnets = {subnet.uuid: subnet.name for subnet in known}
    subnets |= {text: text for text in told.networks or () if text in subnets}
    managed = frozenset(subnet.uuid for subnet in known if subnet.managed)
    categories: dict[str, str] = {}
    for text in told.categories or ():
        key, _, value = text.partition(":")
        if found := site.inventory.category(key, value):
            categories[found.uuid] = text
    spelling = Spelling(subnets, categories, managed)
    return Eyes(told, marks_of(told), spelling, versions, is_at_birth(site, told))


def known_of(state: State) -> dict[str, Known]:
    """What state knows of machines, by UUID."""
    told = (state.get("status") or {}).values()
    return {each["uuid"]: Known(Standing(each["state"]), each["reason"]) for each in told if each["uuid"]}


def run(context: Context, site: MachineSite, told: PoolInputs, state: State) -> Ran:
    """Bring a pool to what is told.

    Args:
        context: the world.
        site: where the pool is.
        told: inputs with ``members``.
        state: what is known of the pool; empty when it is made.

    Raises:
        InputError: a name cannot be resolved, or a stranger has the name of a member.
        AhvError: nothing could be found out, or begun.
    """
    began = context.clock.monotonic()
    job = _job(context, site, told, state)
    desired = desired_of(told, told.members or {})
    known = known_of(state)
    names = [member.name for member in desired.members.values()]
    own, strangers = search(site, job.marks, Names.of(told, inputs_in(state)), known)
    own = with_tools(site, told, own)
    _refuse_strangers(told, own, strangers, names)
    members = [member for uuid, vm in own.items() if (member := job.eyes.member(vm, known.get(uuid)))]
    left = _tidy(job, own, members)
    if late := _unready(desired, members):
        _give_time(job, late)
    seeds = {vm.name: uuid for uuid, vm in own.items() if job.marks.is_seed(vm.name)}
    performer = Performer(job, known, members, seeds)
    try:
        ended, end = _through(job, performer, begin(desired, performer.look() if late else members))
    finally:
        performer.clear()
    if left or job.left:
        delete_images(site, job, [image.uuid for image in left_over(site, job.marks)])
    vms = look_of(site, told)([member.uuid for member in ended.members])
    seconds = round(context.clock.monotonic() - began, 1)
    return Ran(end, vms, performer.known, ended.desired, performer.times, seconds, tuple(job.left.values()))


def _through(job: Job, performer: Performer, planned: Run) -> tuple[Run, End]:
    """Perform one batch after the other, until nothing is left to do or nothing more may be done."""
    while isinstance(batch := next_batch(planned), Batch):
        planned = advance(planned, batch, performer.perform(batch))
        if batch.pause:
            job.clock.sleep(batch.pause.seconds)
    return planned, batch


def _job(context: Context, site: MachineSite, told: PoolInputs, state: State) -> Job:
    templates, payloads = _ways_back(told, state)
    return Job(
        site=site,
        clock=context.clock,
        progress=context.progress,
        told=told,
        marks=marks_of(told),
        eyes=eyes_of(site, told, frozenset(templates)),
        cluster_uuid=_cluster(site, told),
        templates=templates,
        payloads=payloads,
        subnet_uuids={name: subnet.uuid for name, subnet in _subnets(site, told).items()},
        category_uuids=resolve_categories(site.inventory, told.categories) if told.categories is not None else None,
        forerunners={each["slot"]: each["uuid"] for each in (state.get("status") or {}).values() if each["uuid"]},
    )


def _ways_back(told: PoolInputs, state: State) -> tuple[dict[str, str], list[Payloads]]:
    """Templates by version, and payloads: of the new inputs, the old ones, and the last ones that came to be whole."""
    templates: dict[str, str] = {}
    payloads = [Payloads(told)]
    for before in (inputs_in(state.get("fallback") or {}), inputs_in(state)):
        if before is not None:
            templates |= {member.template_version: before.template for member in (before.members or {}).values()}
            with suppress(InputError):  # its template file was never read, and is gone: who needs it is told so
                payloads.append(Payloads(before))
    templates |= {member.template_version: told.template for member in (told.members or {}).values()}
    return templates, payloads


def inputs_in(state: State) -> PoolInputs | None:
    """The inputs that stand in a state."""
    if not state:
        return None
    names = {field.alias for field in PoolInputs.model_fields.values()}
    return PoolInputs.model_validate({name: value for name, value in state.items() if name in names})


def _cluster(site: MachineSite, told: PoolInputs) -> str:
    known = site.inventory.clusters()
    if told.cluster:
        return resolve("cluster", told.cluster, known, path="cluster")
    if site.info.cluster_uuid:
        return site.info.cluster_uuid
    if len(known) == 1:
        return known[0].uuid
    names = ", ".join(sorted(cluster.name for cluster in known)) or "none"
    raise InputError("cluster", f"{site.info.url} has several clusters: {names}", advice="Set cluster to one of them.")


def first_subnet(site: MachineSite, told: PoolInputs) -> Subnet:
    """The subnet of the first card, of inputs that name one.

    Raises:
        InputError: a name cannot be resolved.
    """
    return _subnets(site, told)[(told.networks or [""])[0]]


def _subnets(site: MachineSite, told: PoolInputs) -> dict[str, Subnet]:
    if not told.networks:
        return {}
    cluster = _cluster(site, told)
    known = [
        subnet for subnet in site.networks.subnets() if cluster in subnet.cluster_uuids or not subnet.cluster_uuids
    ]
    found = {name: resolve("subnet", name, known, path=f"networks[{at}]") for at, name in enumerate(told.networks)}
    by_uuid = {subnet.uuid: subnet for subnet in known}
    subnets = {name: by_uuid[uuid] for name, uuid in found.items()}
    if wrong := wrong_on_subnet(told, subnets[told.networks[0]]):
        raise wrong[0]
    return subnets


def _refuse_strangers(told: PoolInputs, own: Mapping[str, Vm], strangers: Mapping[str, Vm], names: list[str]) -> None:
    taken = {vm.name for vm in own.values()}
    in_the_way = [vm for vm in strangers.values() if vm.name in names and vm.name not in taken]
    if in_the_way:
        listed = ", ".join(f"{vm.name} ({vm.uuid})" for vm in in_the_way[:5])
        raise InputError(
            "naming.pattern",
            f"machines that are none of pool {told.name!r} already have names of its members: {listed}",
            advice="Rename or delete them, or choose another pattern.",
        )


def _tidy(job: Job, own: Mapping[str, Vm], members: list[ActualMember]) -> bool:
    """Delete what interrupted runs left of discs; one that a half-made member waits for is taken up, not made again.

    Answers whether some were kept, and have to be looked for again.
    """
    waiting = [
        (own[member.uuid], digest)
        for member in members
        if member.phase is Phase.MARKED and (digest := member.facts.payload_digest)
    ]
    marks = [job.marks.disc(vm.uuid, digest) for vm, digest in waiting]
    found = left_over(job.site, job.marks)
    wanted = [image for image in found if any(_made(mark, [image]) for mark in marks)]
    delete_images(job.site, job, [image.uuid for image in found if image not in wanted])
    forget_uploads(job, [each for each, mark in zip(waiting, marks, strict=True) if not _made(mark, wanted)])
    return bool(wanted)


def _made(mark: Mark, images: list[Image]) -> bool:
    return any(mark.is_same_object(Mark.read(image.description)) for image in images)


def _unready(desired: Desired, members: list[ActualMember]) -> list[ActualMember]:
    """Members that seem broken only because they are on and not ready: perhaps they only restart."""
    return [
        member
        for member in members
        if (target := desired.members.get(member.slot))
        and is_broken(member, target)
        and not member.failed
        and member.facts.power == "on"
    ]


def _give_time(job: Job, late: list[ActualMember]) -> None:
    """Before a member is taken for broken it gets the time that a new one gets."""
    seconds = job.told.readiness.timeout if job.told.readiness else 900
    job.progress(f"{job.told.name}: {len(late)} members are not ready; waiting for them up to {seconds} s")
    watch = Watch(look_of(job.site, job.told), job.clock)
    watch.until([member.uuid for member in late], seconds, lambda vm: is_ready(vm, job.told))
