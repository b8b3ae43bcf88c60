"""What everyone who works on a template holds in his hands, and the names that a program gives, as UUIDs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from pulumi_ahv.kernel.clock import Deadline
from pulumi_ahv.kernel.errors import AhvError, InputError
from pulumi_ahv.prism.interface import Site
from pulumi_ahv.prism.values import Product
from pulumi_ahv.prism.vm_interface import Doings, MachineSite, Outcomes
from pulumi_ahv.prism.vms import NicSpec, Template
from pulumi_ahv.resources.handler import Context
from pulumi_ahv.resources.mark import Mark
from pulumi_ahv.resources.naming import resolve
from pulumi_ahv.schema.template_vm import TemplateVmInputs


@dataclass(frozen=True)
class Job:
    """One run on one template. ``mark`` is the one it carries, or is to carry."""

    context: Context
    site: MachineSite
    told: TemplateVmInputs
    mark: Mark

    def doings(self) -> Doings:
        """The surroundings of one call."""
        return Doings(Deadline(self.context.clock, self.told.timeout), self.context.progress)

    def say(self, line: str) -> None:
        """Tell the user what is going on."""
        self.context.progress(f"{self.told.name}: {line}")

    def expect(self, uuid: str) -> Template:
        """The template as it is now.

        Raises:
            AhvError: it is gone.
        """
        template = self.site.templates.get(uuid)
        if template is None:
            raise AhvError(
                f"TemplateVm {self.told.name!r}: cannot go on with template {uuid}",
                said=f"{self.site.info.product} at {self.site.info.url} does not know it any more",
                advice="Run `pulumi refresh`, then `pulumi up` makes it anew.",
            )
        return template

    def strangers_update(self, template: Template) -> tuple[str, str]:
        """What to say of a guest update that is not ours, and how it can be ended."""
        machine = template.guest_update_vm
        said = f"a guest update that is not ours is under way, in machine {machine}"
        if self.site.info.product is Product.CENTRAL:
            return said, "Complete or cancel it in Prism Central, then run again."
        end = f"take its UUID out of the last line of the description of machine {template.uuid}"
        return said, f"Delete that machine and {end}, then run again."

    def cluster_uuid(self) -> str:
        """The cluster that the machines of this template are made on."""
        known = self.site.inventory.clusters()
        if self.told.cluster:
            return resolve("cluster", self.told.cluster, known, path="cluster")
        if self.site.info.cluster_uuid:
            return self.site.info.cluster_uuid
        if len(known) == 1:
            return known[0].uuid
        names = ", ".join(sorted(cluster.name for cluster in known)) or "none"
        said = f"{self.site.info.url} has several clusters: {names}"
        raise InputError("cluster", said, advice="Set cluster to one of them.")

    def nics(self) -> tuple[NicSpec, ...]:
        """The cards of the machine."""
        cluster = self.cluster_uuid()
        subnets = self.site.networks.subnets() if self.told.networks else []
        known = [subnet for subnet in subnets if cluster in subnet.cluster_uuids or not subnet.cluster_uuids]
        return tuple(
            NicSpec(resolve("subnet", name, known, path=f"networks[{at}]"))
            for at, name in enumerate(self.told.networks or ())
        )


def machine_site(site: Site) -> MachineSite:
    """The site with its machines and templates; both products have them."""
    return cast("MachineSite", site)


def demand(outcomes: Outcomes) -> None:
    """Raise the first error there is.

    Raises:
        AhvError: one of the calls did not end well.
    """
    for outcome in outcomes.values():
        if outcome.error:
            raise outcome.error
