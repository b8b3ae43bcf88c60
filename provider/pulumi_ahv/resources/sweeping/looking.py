"""Looks for what a stack has left on a site: what carries its mark, or a working name of its, and is in no state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import unquote

from pydantic import ValidationError

from pulumi_ahv.prism.values import Image
from pulumi_ahv.prism.vm_interface import MachineSite
from pulumi_ahv.prism.vms import Template, Vm
from pulumi_ahv.resources.image import FIRST, mark_of
from pulumi_ahv.resources.mark import Mark
from pulumi_ahv.resources.sweeping.declared import Declared, Known, Stack
from pulumi_ahv.resources.sweeping.names import Owners, is_working_name
from pulumi_ahv.resources.template_vm.first_boot import disc_mark
from pulumi_ahv.resources.template_vm.records import Note
from pulumi_ahv.schema.image import ImageInputs

_TEMPLATE: Final = "template"
_DISCS: Final = ("pool-disc", "template-disc")
_MEMBER: Final = "pool-member"


class Kind(StrEnum):
    """What was found."""

    MACHINE = "machine"
    MEMBER = "pool member"
    CLONE = "clone"
    BUILDING = "template machine"
    GUEST_UPDATE = "guest update"
    TEMPLATE = "template"
    DISC = "disc"
    IMAGE = "image"
    UPLOAD = "upload"


@dataclass(frozen=True)
class Finding:
    """One thing that is in no state.

    ``uuid`` is its own; that of a guest update is its machine's and ``template`` the template's; an upload has none.
    ``key`` names an upload. ``stays`` says why it is not deleted, whatever is asked.
    """

    kind: Kind
    owner: str
    name: str
    uuid: str = ""
    template: str = ""
    key: str = ""
    stays: str = ""

    @property
    def id(self) -> str:
        """What tells it from everything else on every site."""
        return self.uuid or self.key


@dataclass(frozen=True)
class Unknown:
    """A machine under a working name of somebody who is not known."""

    name: str
    uuid: str


@dataclass(frozen=True)
class Sight:
    """Everything that was seen on one site."""

    findings: tuple[Finding, ...]
    unknown: tuple[Unknown, ...]


@dataclass(frozen=True)
class Search:
    """A search for what one stack left. ``resources`` are names of further resources whose leavings may be there."""

    stack: Stack
    known: Known
    resources: tuple[str, ...] = ()

    def look(self, site: MachineSite) -> Sight:
        """Look at everything on a site, in one list for each kind of thing; changes nothing."""
        seen = _Seen.of(site, self.stack)
        owners = self._owners(site, seen.marked_owners())
        machines = [vm for vm in seen.machines if vm.uuid not in self.known.uuids]
        marked = [vm for vm in machines if vm.uuid in seen.marks]
        working = [vm for vm in machines if vm.uuid not in seen.claimed and is_working_name(vm.name)]
        named = {vm.uuid: finding for vm in working if (finding := _of_name(vm, owners))}
        templates = [pair for pair in seen.templates if pair[0].uuid not in self.known.uuids]
        images = [pair for pair in seen.images if pair[0].uuid not in self.known.uuids]
        keys = {mark.key: mark.owner for _, mark in images}
        keys |= {key: seen.marks[vm.uuid].owner for vm in marked for key in owners.disc_keys(vm)}
        keys |= {disc_mark(one.owner, one.uuid).key: one.owner for one in named.values() if one.kind is Kind.BUILDING}
        keys |= {mark.key: mark.owner for one in self.known.declared if one.pending and (mark := _image_mark(one))}
        findings = [
            *(finding for template, mark in templates for finding in _of_template(template, mark)),
            *(_of_machine(vm, seen.marks[vm.uuid]) for vm in marked),
            *named.values(),
            *(_of_image(image, mark) for image, mark in images),
            *(Finding(Kind.UPLOAD, keys[key], "", key=key) for key in site.images.left_behind(list(keys))),
        ]
        unknown = [Unknown(vm.name, vm.uuid) for vm in working if vm.uuid not in named]
        return Sight(tuple(findings), tuple(unknown))

    def _owners(self, site: MachineSite, marked: Iterable[str]) -> Owners:
        """Every owner that a state, the user or a mark names, and every way to name a place on this site."""
        declared = self.known.declared
        owners = [
            *(one.owner for one in declared),
            *(f"{self.stack}/{name}" for name in self.resources),
            *(unquote(owner) for owner in marked),
        ]
        spelled = [str(one.inputs.get("cluster") or "") for one in declared]
        clusters = [text for each in site.inventory.clusters() for text in (each.name, each.uuid)]
        return Owners.of(owners, [*self.known.connections, site.info.name], [*clusters, *spelled])


@dataclass(frozen=True)
class _Seen:
    """A site as it is: all machines, and what carries a mark of the stack.

    ``marks`` are those of machines, ``claimed`` machines that are something else than their name says.
    """

    machines: Sequence[Vm]
    marks: Mapping[str, Mark]
    templates: Sequence[tuple[Template, Mark]]
    images: Sequence[tuple[Image, Mark]]
    claimed: frozenset[str]

    @classmethod
    def of(cls, site: MachineSite, stack: Stack) -> _Seen:
        def mark_in(description: str) -> Mark | None:
            mark = Mark.read(description)
            return mark if mark and mark.owner.startswith(stack.prefix) else None

        machines = site.vms.described("")
        found = {vm.uuid: mark for vm in machines if (mark := mark_in(vm.description))}
        # A machine made of a template may have come with its description; on Element a template is one.
        marks = {uuid: mark for uuid, mark in found.items() if mark.kind != _TEMPLATE}
        templates = site.templates.described(stack.fragment)
        of_templates = {uuid for one in templates for uuid in (one.uuid, one.guest_update_vm)}
        images = site.images.described(stack.fragment)
        return cls(
            machines,
            marks,
            [(one, mark) for one in templates if (mark := mark_in(one.description))],
            [(one, mark) for one in images if (mark := mark_in(one.description))],
            frozenset(of_templates | marks.keys()),
        )

    def marked_owners(self) -> set[str]:
        """Owners of everything that carries a mark."""
        return {mark.owner for mark in (*self.marks.values(), *(mark for _, mark in (*self.templates, *self.images)))}


def _of_machine(vm: Vm, mark: Mark) -> Finding:
    return Finding(Kind.MEMBER if mark.kind == _MEMBER else Kind.MACHINE, mark.owner, vm.name, vm.uuid)


def _of_name(vm: Vm, owners: Owners) -> Finding | None:
    if owner := owners.of_member(vm.name):
        return Finding(Kind.CLONE, owner, vm.name, vm.uuid)
    if owner := owners.of_building(vm.name):
        return Finding(Kind.BUILDING, owner, vm.name, vm.uuid)
    return None


def _of_template(template: Template, mark: Mark) -> Iterator[Finding]:
    """The template, and before it the machine in which it is being changed."""
    machine, stays = template.guest_update_vm, ""
    if machine and Note.read(template.description):
        yield Finding(Kind.GUEST_UPDATE, mark.owner, template.name, machine, template=template.uuid)
    elif machine:
        stays = f"a guest update that is not ours is under way, in machine {machine}: complete or cancel it in Prism"
    yield Finding(Kind.TEMPLATE, mark.owner, template.name, template.uuid, stays=stays)


def _of_image(image: Image, mark: Mark) -> Finding:
    return Finding(Kind.DISC if mark.kind in _DISCS else Kind.IMAGE, mark.owner, image.name, image.uuid)


def _image_mark(declared: Declared) -> Mark | None:
    """The mark of an image that was about to be made; ``None`` for anything else, or when its inputs do not tell."""
    if declared.kind != "Image":
        return None
    try:
        return mark_of(ImageInputs.model_validate(declared.inputs), FIRST)
    except ValidationError:
        return None
