"""The payload of a template: what the guest of the machine is told that a version is built of. Pure, but for its file.

Its templates see the name ``template`` and the slot 0: what the template is called makes no version, and the members
of pools get names of their own.
"""

from __future__ import annotations

from pulumi_ahv.kernel.errors import InputError
from pulumi_ahv.payload.findings import Severity
from pulumi_ahv.payload.folder import RememberedFolder
from pulumi_ahv.payload.payload import RenderedPayload
from pulumi_ahv.payload.variables import Member
from pulumi_ahv.resources.payload_inputs import folder_of, path_in_payload, payload_in, place_in, wrong_with_layout
from pulumi_ahv.schema.template_vm import TemplateVmPayload

GUEST = "template"


class Examined:
    """A payload as ``check`` sees it: its digest and texts, and everything that is wrong with it."""

    def __init__(self, given: TemplateVmPayload, owner: str) -> None:
        self.digest = ""
        self.failures, self.warnings = wrong_with_layout(given)
        self._folder = RememberedFolder(folder_of(given))
        says = (given.template, given.template_file, given.meta_data, given.network_config)
        if given.kind == "cloudInit" and all(each is None for each in says):
            said = "it says nothing: none of template and templateFile is given"
            self.failures.append(InputError("payload", said))
        try:
            rendered = _rendered(given, self._folder, owner)
        except InputError as wrong:
            self.failures.append(wrong)
        else:
            self.digest = rendered.digest
            self._take_in(rendered)

    @property
    def texts(self) -> dict[str, str]:
        """The template file and those it includes, by name."""
        return dict(self._folder.texts)

    def _take_in(self, rendered: RenderedPayload) -> None:
        for finding in rendered.findings:
            path = path_in_payload(finding, self._folder.texts)
            said = f"{place_in(finding, path)}{finding.message}"
            if finding.severity is Severity.ERROR:
                self.failures.append(InputError(path, said, advice=finding.advice))
            else:
                self.warnings.append(f"{path}: {said}")


def rendered_for(given: TemplateVmPayload, owner: str) -> RenderedPayload:
    """The payload, ready for discs."""
    return _rendered(given, RememberedFolder(folder_of(given)), owner)


def _rendered(given: TemplateVmPayload, folder: RememberedFolder, owner: str) -> RenderedPayload:
    rendered = payload_in(given, folder, salt=owner).render(Member(GUEST, 0))
    if not isinstance(rendered, RenderedPayload):
        raise TypeError("check lets nothing through that is not known")
    return rendered
