"""Anchors: the machines that stand for templates, read together with the snapshots that are their versions.

What is told of a template is worked out here and nowhere else, so that a deed which was cut off anywhere still tells
one story. Of a guest update that matters most, because freezing its machine and deleting it are two calls. While the
machine is there, a snapshot of it is no version yet and the update is under way; with the machine gone it is one, and
the active one. So the deletion is the moment at which an update is completed, whoever was killed before or after.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pulumi_ahv.kernel.errors import AhvError
from pulumi_ahv.prism.element.api import Api
from pulumi_ahv.prism.element.snapshots import Snapshots
from pulumi_ahv.prism.element.template_texts import Data, Frozen, Line, Phase, digits, without_line
from pulumi_ahv.prism.element.vm_many import PATH, Call, Many, timestamp
from pulumi_ahv.prism.vm_interface import Doings
from pulumi_ahv.prism.vms import Template, TemplateVersion


@dataclass(frozen=True)
class Anchor:
    """A template as it stands. ``line`` is what its machine should say; ``frozen`` holds snapshots that wait, too."""

    template: Template
    line: Line
    frozen: tuple[Frozen, ...]

    @property
    def active(self) -> TemplateVersion | None:
        """The active version; a template whose deletion was cut off may have none."""
        return next((version for version in self.template.versions if version.active), None)

    def version(self, uuid: str) -> TemplateVersion | None:
        """One of its versions."""
        return next((version for version in self.template.versions if version.uuid == uuid), None)


class Anchors:
    """Reads and describes anchors of one Prism Element."""

    def __init__(self, api: Api, many: Many, snapshots: Snapshots) -> None:
        self._api = api
        self._many = many
        self._snapshots = snapshots

    def find(self, uuid: str, doing: str) -> Anchor | None:
        """The template of this UUID; ``None`` where there is no such machine, or it is no template's."""
        data = self.machine(uuid, doing)
        if data is None:
            return None
        return _anchor(data, _frozen(self._snapshots.all(doing)), lambda one: self.machine(one, doing) is not None)

    def expect(self, uuid: str, doing: str) -> Anchor:
        """The same, where it has to be there.

        Raises:
            NotFound: it is not.
        """
        anchor = self.find(uuid, doing)
        if anchor is None:
            raise self._api.not_found(doing)
        return anchor

    def search(self, fits: Callable[[str, str], bool], doing: str) -> list[Anchor]:
        """Every template whose name and description fit."""
        machines = {str(data.get("uuid")): data for data in self._api.entities(PATH, doing=doing)}
        fitting = [data for data in machines.values() if fits(_text(data, "name"), _text(data, "description"))]
        if not fitting:
            return []
        frozen = _frozen(self._snapshots.all(doing))
        found = (_anchor(data, frozen, machines.__contains__) for data in fitting)
        return [anchor for anchor in found if anchor]

    def machine(self, uuid: str, doing: str) -> Data | None:
        """A machine as it is, without its devices."""
        return self._api.get(f"{PATH}/{uuid}", doing=doing)

    def left_over(self, uuid: str, doing: str) -> list[Frozen]:
        """Versions of a template whose anchor is gone."""
        return [one for one in _frozen(self._snapshots.all(doing)) if one.template == uuid]

    def describe(
        self, uuid: str, line: Line, doings: Doings, *, name: str | None = None, text: str | None = None
    ) -> None:
        """Write the line, and name and text where they are given; what stands there already costs no call.

        Raises:
            AhvError: Prism did not take it.
        """

        def plan(_: str, data: Data) -> Call | None:
            told = without_line(_text(data, "description")) if text is None else text
            wanted = {"description": line.write(told, uuid), **({} if name is None else {"name": name})}
            body: dict[str, Any] = {field: value for field, value in wanted.items() if _text(data, field) != value}
            return Call("PUT", "", body | timestamp(data)) if body else None

        raise_error(self._many.bring([uuid], "Describing the template in", plan, doings)[uuid].error)


def _frozen(snapshots: Iterable[Data]) -> list[Frozen]:
    return [one for data in snapshots if (one := Frozen.read(data))]


def _anchor(data: Data, frozen: Sequence[Frozen], exists: Callable[[str], bool]) -> Anchor | None:
    """The template that a machine stands for: it says so, or there are versions that do."""
    uuid, description = _text(data, "uuid"), _text(data, "description")
    own = tuple(sorted((one for one in frozen if one.template == uuid), key=lambda one: one.created, reverse=True))
    said = Line.read(description, uuid)
    if said is None and not own:
        return None
    line = said or Line()
    update = line.update if line.update and (line.phase is Phase.CHANGES or exists(line.update)) else ""
    if line.phase is Phase.ENDS and not update:
        line = _completed(line, own)
    seen = [one for one in own if not update or one.machine != update]
    active = next((one for one in seen if digits(one.uuid) == line.active), next(iter(seen), None))
    versions = tuple(
        TemplateVersion(one.uuid, one.name, one.description, one.moment, active=one is active) for one in seen
    )
    template = Template(uuid, _text(data, "name"), without_line(description), versions, update)
    return Anchor(template, line, own)


def _completed(line: Line, own: Iterable[Frozen]) -> Line:
    """The line of an update whose machine is gone: what was frozen of it is the active version."""
    version = next((digits(one.uuid) for one in own if one.machine == line.update), line.active)
    return replace(line, active=version, update="", phase=Phase.CHANGES)


def raise_error(error: Exception | None) -> None:
    """Raise the error of an outcome, if it has one.

    Raises:
        AhvError: it has.
    """
    if error is not None:
        raise error if isinstance(error, AhvError) else TypeError(f"no error of ours: {error!r}")


def _text(data: Data, name: str) -> str:
    return str(data.get(name) or "")
