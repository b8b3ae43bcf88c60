"""Lookups of what is kept on a site: images and templates, whoever made them."""

from __future__ import annotations

from typing import cast

from pulumi_ahv.kernel.errors import InputError
from pulumi_ahv.prism.interface import Site
from pulumi_ahv.prism.values import Image
from pulumi_ahv.prism.vm_interface import MachineSite
from pulumi_ahv.resources.lookups.choosing import chosen
from pulumi_ahv.resources.mark import Mark, without_mark
from pulumi_ahv.resources.naming import is_uuid
from pulumi_ahv.resources.template_vm.records import without_note
from pulumi_ahv.schema.lookups import GetImageArgs, GetImageResult, GetTemplateArgs, GetTemplateResult
from pulumi_ahv.schema.template_vm import TemplateVersionInfo


def image(site: Site, asked: GetImageArgs) -> GetImageResult:
    """The image of a name."""
    by_uuid = site.images.get(asked.name) if is_uuid(asked.name) else None
    named = [by_uuid] if by_uuid else site.images.named(asked.name)
    known = [each for each in named if asked.type in (None, each.type.value)]
    if named and not known:
        said = f"image {asked.name!r} ({named[0].uuid}) is of type {named[0].type}, not {asked.type}"
        raise InputError("type", said, advice="Correct the type, or leave it out.")
    found = chosen(
        "image",
        asked.name,
        known,
        info=site.info,
        others=lambda: site.inventory.everything("image"),
        beside=_described,
    )
    return GetImageResult(
        uuid=found.uuid,
        name=found.name,
        description=without_mark(found.description),
        type=found.type.value,
        size_bytes=found.size_bytes,
        cluster_uuids=list(found.cluster_uuids),
        vm_disk_uuid=found.vm_disk_uuid or None,
        owner=_owner(found.description),
    )


def template(site: Site, asked: GetTemplateArgs) -> GetTemplateResult:
    """The template of a name.

    Raises:
        InputError: there is none, or there are several, or it has no active version.
    """
    templates = cast("MachineSite", site).templates  # every product serves machines
    by_uuid = templates.get(asked.name) if is_uuid(asked.name) else None
    found = chosen(
        "template",
        asked.name,
        [by_uuid] if by_uuid else templates.named(asked.name),
        info=site.info,
        others=lambda: site.inventory.everything("template"),
        beside=lambda each: f"({len(each.versions)} versions)",
    )
    active = next((version for version in found.versions if version.active), None)
    if active is None:
        raise InputError("name", f"template {found.name!r} ({found.uuid}) has no active version")
    return GetTemplateResult(
        uuid=found.uuid,
        name=found.name,
        description=without_mark(without_note(found.description)),
        active_version=active.name,
        version_id=active.uuid,
        versions=[
            TemplateVersionInfo(
                uuid=version.uuid,
                name=version.name,
                description=version.description,
                created=version.created,
                active=version.active,
            )
            for version in found.versions
        ],
        owner=_owner(found.description),
    )


def _described(image: Image) -> str:
    owner = _owner(image.description)
    return f"({image.type}, {image.size_bytes} bytes{f', of {owner}' if owner else ''})"


def _owner(description: str) -> str | None:
    mark = Mark.read(description)
    return mark.owner if mark else None
