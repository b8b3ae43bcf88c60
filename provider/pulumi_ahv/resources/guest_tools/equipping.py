"""From whatever the tools are to what is told: install, put the disc in, configure, take it out, wait.

Each step looks first, so that a run that was cut off is gone through again. Facts (api-v4, sections 2.8 and 6.6): an
installation needs credentials, an address and a guest that lets Prism in; the vendor's own client tries again while
the last two are missing, which is soon after a start. An installation uses the tools' disc, so it needs a free drive.
"""

from __future__ import annotations

from collections.abc import Callable

from pulumi_ahv.kernel.errors import AhvError, InputError, TaskFailed
from pulumi_ahv.prism.drives import needs_drive
from pulumi_ahv.prism.vms import Power, Vm
from pulumi_ahv.resources.guest_tools.job import Equipped, Job, demand
from pulumi_ahv.resources.watching import Watch
from pulumi_ahv.schema.guest_tools import GuestToolsInstall

_NOT_YET = ("ip address", "secure connection")
_TRIES = 5
_PAUSE = 15.0


class Equipping:
    """Brings the tools of one machine to what is told."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._watch = Watch(job.look, job.context.clock)

    def converge(self) -> Equipped:
        """Do what is needed, and answer what there is then."""
        found = self._job.expect()
        self._install(found)
        self._insert(self._job.expect())
        self._configure()
        if self._job.told.mount is False:
            self._eject(found)
        if self._job.told.wait_until_reachable:
            self._wait()
        return self._job.expect()

    def undo(self, before: Equipped) -> None:
        """Take back what can be taken back: what is installed stays so."""
        job, tools, vm = self._job, before.tools, before.vm
        now = job.find()
        if now and now.tools.iso_inserted and not tools.iso_inserted:
            demand(job.site.guest_tools.eject([vm.uuid], doings=job.doings()))
        if now and (now.tools.enabled, now.tools.capabilities) != (tools.enabled, tools.capabilities):
            self._set(vm.uuid, enabled=tools.enabled, capabilities=tools.capabilities)

    def _install(self, found: Equipped) -> None:
        job, wanted = self._job, self._job.told.install
        if wanted is None or found.tools.installed:
            return
        doing = f"Installing the guest tools in machine '{found.vm.name}'"
        if found.vm.power is not Power.ON:
            said = f"machine '{found.vm.name}' is {found.vm.power}, and tools are installed inside a running guest"
            raise InputError("install", said, advice="Switch it on.")
        if not found.tools.iso_inserted:
            needs_drive(found.vm, doing)
        job.say(f"installing the guest tools in machine '{found.vm.name}'")
        self._until(doing, "it has no address", lambda vm: bool(vm.addresses))
        for left in reversed(range(_TRIES)):
            try:
                self._install_now(found.vm, wanted)
            except TaskFailed as error:
                if not left or not any(words in error.said.lower() for words in _NOT_YET):
                    raise
                job.context.clock.sleep(_PAUSE)
            else:
                return

    def _install_now(self, vm: Vm, wanted: GuestToolsInstall) -> None:
        self._job.site.guest_tools.install(
            vm.uuid,
            username=wanted.username,
            password=wanted.password,
            capabilities=self._job.told.capabilities or [],
            reboot=wanted.reboot,
            doings=self._job.doings(),
        )

    def _insert(self, found: Equipped) -> None:
        """Put the disc in, unless the tools have no use for it any more."""
        job, tools = self._job, found.tools
        if job.told.mount and not tools.iso_inserted and not is_served(found):
            capabilities = tools.capabilities if job.told.capabilities is None else job.told.capabilities
            demand(job.site.guest_tools.insert([found.vm.uuid], capabilities, doings=job.doings()))

    def _configure(self) -> None:
        told, found = self._job.told, self._job.expect()
        kept = found.tools.capabilities if told.enabled else ()
        wanted = tuple(sorted(kept if told.capabilities is None else told.capabilities))
        if (told.enabled, wanted) != (found.tools.enabled, found.tools.capabilities):
            self._set(told.vm, enabled=told.enabled, capabilities=wanted)

    def _set(self, uuid: str, *, enabled: bool, capabilities: tuple[str, ...]) -> None:
        job = self._job
        demand(job.site.guest_tools.configure([uuid], enabled=enabled, capabilities=capabilities, doings=job.doings()))

    def _eject(self, found: Equipped) -> None:
        demand(self._job.site.guest_tools.eject([found.vm.uuid], doings=self._job.doings()))

    def _wait(self) -> None:
        vm = self._job.expect().vm
        doing = f"Waiting for the guest tools of machine '{vm.name}'"
        self._job.say(f"waiting until the guest tools of machine '{vm.name}' answer")
        self._until(doing, "they do not answer", lambda vm: bool(vm.tools and vm.tools.reachable))

    def _until(self, doing: str, said: str, condition: Callable[[Vm], bool]) -> None:
        """Wait for something of the machine.

        Raises:
            AhvError: it has not come in time, or the machine is gone.
        """
        seconds = float(self._job.told.timeout)
        late = self._watch.until([self._job.told.vm], seconds, condition)
        for vm in late.values():
            if vm is None:
                raise AhvError(doing, said="the machine is not there any more", advice="Refresh the state.")
            installed = vm.tools and vm.tools.installed
            state = f"it is {vm.power}, with {', '.join(vm.addresses) or 'no address'}"
            tools = f"the tools are {'installed' if installed else 'not installed'}"
            raise AhvError(
                doing,
                said=f"{said} after {seconds:.0f} s: {state}; {tools}",
                advice="Look at its console, or raise timeout.",
            )


def is_served(found: Equipped) -> bool:
    """Whether the tools have no use for their disc: they are there and answer."""
    return found.tools.installed and found.tools.reachable
