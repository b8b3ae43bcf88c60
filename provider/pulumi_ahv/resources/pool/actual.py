"""Members as they are: out of what Prism tells of machines, and of what the last run knew of them.

How far a machine has come is read off it: a working name (cloned), a description without power (marked), a disc in its
drive (delivered), power with a disc of ours or of the guest tools (started). Nothing of that tells a member that is
done and was switched off from one that was never started: the last run's word counts for that. Where there is none, a
payload is delivered once more, which changes nothing in a guest that has had it: the instance id is that of the machine
(guest facts, 1.7).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pulumi_ahv.prism.drives import tools_drive
from pulumi_ahv.prism.vm_interface import MachineSite
from pulumi_ahv.prism.vms import DiscKind, Power, Vm
from pulumi_ahv.resources.discs import has_disc
from pulumi_ahv.resources.pool.addressing import address_of
from pulumi_ahv.resources.pool.marks import PoolMarks, read_line, short
from pulumi_ahv.resources.pool.wanted import MIB, facts_of, head_of, tools_text
from pulumi_ahv.resources.pool_plan.members import DISABLED, ActualMember, Facts, Phase
from pulumi_ahv.schema.pool import PoolInputs, PoolMember


class Standing(StrEnum):
    """What state says of a member."""

    READY = "ready"
    OFF = "off"
    NOT_READY = "notReady"
    HALF_MADE = "halfMade"
    FAILED = "failed"
    MISSING = "missing"


DONE = frozenset({Standing.READY, Standing.OFF, Standing.NOT_READY})


@dataclass(frozen=True)
class Known:
    """What the last run, or this one, knew of a machine."""

    standing: Standing
    reason: str = ""


@dataclass(frozen=True)
class Spelling:
    """How the user calls subnets and categories, by UUID; what he does not name has Prism's own name.

    ``managed`` are the subnets in which Prism gives out addresses.
    """

    subnets: Mapping[str, str] = field(default_factory=dict)
    categories: Mapping[str, str] = field(default_factory=dict)
    managed: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Eyes:
    """Whoever looks at machines and sees members.

    ``versions`` are the template versions that can be told by name. ``at_birth``: the call that makes a machine brings
    its payload, and no other.
    """

    told: PoolInputs
    marks: PoolMarks
    spelling: Spelling
    versions: frozenset[str]
    at_birth: bool = False

    def birth(self, version: str, payload: str) -> str:
        """What the working name of a clone tells: all that the call which makes it cannot be asked for again."""
        return f"{version} {payload}" if self.at_birth and payload else version

    def member(self, vm: Vm, known: Known | None) -> ActualMember | None:
        """The member that a machine is; ``None`` for a machine that is none of this pool."""
        line = read_line(vm.description) if self.marks.is_marked(vm.description) else None
        if line is None:
            return self._clone(vm)
        as_told = self.live(vm)
        phase = self._phase(vm, known, payload=bool(line.payload))
        by_payload = self.told.readiness is not None and self.told.readiness.when == "payload"
        # Prism assigns addresses before a guest boots: with its disc still in, one says nothing of the payload.
        ready = is_ready(vm, self.told) and not (by_payload and phase is Phase.STARTED)
        failed = known is not None and known.standing is Standing.FAILED and not ready
        unclear = by_payload and phase is Phase.DELIVERED
        unclear |= self.at_birth and bool(line.payload) and phase < Phase.DONE and not _is_customized(vm)
        return ActualMember(
            vm.uuid, line.slot, vm.name, facts_of(as_told), phase=phase, ready=ready, failed=failed or unclear
        )

    def live(self, vm: Vm) -> PoolMember:
        """A marked machine as the map of members tells it: of what the user has not set, nothing."""
        line = read_line(vm.description)
        if line is None:
            raise ValueError(f"machine {vm.uuid} is not marked as a member")
        told = self.told
        networks = [self.spelling.subnets.get(nic.subnet_uuid, nic.subnet_uuid) for nic in vm.nics]
        categories = sorted(self.spelling.categories.get(uuid, uuid) for uuid in vm.category_uuids)
        return PoolMember(
            slot=line.slot,
            born=line.born,
            template_version=line.version,
            payload_digest=line.payload or None,
            power=power_of(vm),
            vcpus=vm.sockets * vm.cores_per_socket if told.vcpus is not None else None,
            memory=vm.memory_bytes // MIB if told.memory is not None else None,
            networks=networks if told.networks is not None else None,
            address=self._address(vm, line.slot),
            categories=categories if told.categories is not None else None,
            guest_tools=told_tools(vm) if told.guest_tools is not None else None,
        )

    def _address(self, vm: Vm, slot: int) -> str | None:
        if self.told.addresses is None or not vm.nics:
            return None
        found, wanted = vm.nics[0].addresses, address_of(self.told, slot)
        if wanted and vm.nics[0].subnet_uuid not in self.spelling.managed:
            return wanted  # the guest has it from its payload, which is compared; Prism may see it late, or another one
        return wanted if wanted in found else next(iter(found), None)

    def _clone(self, vm: Vm) -> ActualMember | None:
        found = self.marks.working_slot(vm.name)
        if found is None:
            return None
        slot, shortened = found
        wanted = (member.payload_digest for member in (self.told.members or {}).values() if member.slot == slot)
        payload = next(wanted, None) or ""
        told = {short(self.birth(version, payload)): version for version in self.versions}
        facts = Facts(template_version=told.get(shortened, f"unknown-{shortened}"), power=power_of(vm))
        return ActualMember(vm.uuid, slot, vm.name, facts, phase=Phase.CLONED, ready=False)

    def _phase(self, vm: Vm, known: Known | None, *, payload: bool) -> Phase:
        if known is not None and known.standing in DONE:
            return Phase.DONE
        disc, tools = has_disc(vm), self.told.guest_tools is not None
        if vm.power is not Power.OFF:
            return Phase.STARTED if disc or (tools and tools_drive(vm)) else Phase.DONE
        if disc:
            return Phase.DELIVERED
        unused = tools and (tools_drive(vm) is not None or told_tools(vm) == DISABLED)
        return Phase.MARKED if payload or unused or self.told.power == "on" else Phase.DONE


def is_ready(vm: Vm, told: PoolInputs) -> bool:
    """Whether a member that has been finished is ready now."""
    when = told.readiness.when if told.readiness else "address"
    if when == "guestTools":
        return vm.power is Power.ON and vm.tools is not None and vm.tools.reachable
    return vm.power is Power.ON and (when == "power" or bool(vm.addresses))


def told_tools(vm: Vm) -> str | None:
    """A machine's guest tools as the map of members tells them; ``None`` where nobody asked for them."""
    return tools_text(enabled=vm.tools.enabled, capabilities=vm.tools.capabilities) if vm.tools else None


def _is_customized(vm: Vm) -> bool:
    """Whether Prism's own disc lies in a drive."""
    return any(drive.kind is DiscKind.CUSTOMIZATION for drive in vm.cd_roms)


def power_of(vm: Vm) -> str:
    """The word of the map of members."""
    return vm.power.value


def search(
    site: MachineSite, marks: PoolMarks, names: Names, known: Iterable[str]
) -> tuple[dict[str, Vm], dict[str, Vm]]:
    """Machines that may be members, seeds among them, and strangers with a name that a member could have; by UUID.

    What a killed run has named is in no state, and descriptions cannot be searched: so everything is looked at whose
    name begins like those of the members. A machine that state knows and that was renamed is asked for by its UUID.
    """
    found = {vm.uuid: vm for vm in site.vms.find(names=names.exact, prefix=marks.prefix)}
    for head in names.heads:
        found |= {vm.uuid: vm for vm in site.vms.find(prefix=head)}
    if elsewhere := [uuid for uuid in known if uuid and uuid not in found]:
        found |= site.vms.by_uuid(elsewhere)
    own = {uuid: vm for uuid, vm in found.items() if marks.is_marked(vm.description) or marks.is_working_name(vm.name)}
    strangers = {uuid: vm for uuid, vm in found.items() if uuid not in own and not marks.is_owned(vm.description)}
    return own, strangers


@dataclass(frozen=True)
class Names:
    """How to find machines by name: what the names begin with, and whole names where they begin with the counter."""

    heads: frozenset[str] = frozenset()
    exact: tuple[str, ...] = ()

    @classmethod
    def of(cls, *pools: PoolInputs | None) -> Names:
        """The names that the members of these inputs have."""
        heads = {head_of(told) for told in pools if told}
        exact = {name for told in pools if told and not head_of(told) for name in told.members or {}}
        return cls(frozenset(heads - {""}), tuple(sorted(exact)))
