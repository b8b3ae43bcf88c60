"""What can be said of a pool."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints, ValidationInfo, field_validator, model_validator

from pulumi_ahv.schema.fields import RECORDED, REPLACES, Bag, Change, Facts, Support
from pulumi_ahv.schema.guest_tools import PoolGuestTools
from pulumi_ahv.schema.image import Category
from pulumi_ahv.schema.payload import PayloadTexts
from pulumi_ahv.schema.pool_guest import PoolDomain, PoolNetwork

MAX_SIZE = 1000

Natural = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]
Power = Literal["on", "off"]


class PoolNaming(Bag):
    """What members are called."""

    pattern: Annotated[str, StringConstraints(min_length=3, max_length=80)] | None = None
    """Name with the counter `{n}` in it, once: `agent-{n}`. Default: the name of the pool, a dash and the counter."""
    start: Natural = 1
    """Number of the first member."""
    width: Annotated[int, Field(ge=0, le=9)] = 3
    """Digits that the number is padded to with zeros."""


class PoolPayload(PayloadTexts):
    """What the guest of each member is told at its first boot: rendered for every member, checked before any call."""

    delivery: Literal["auto", "cdrom", "prism", "path"] = "auto"
    """`cdrom`: a disc of ours, taken out after the first boot. `prism`: Prism's own customisation. `path`: a file on
    the storage of an Element. `auto`: on a Central `prism` where the payload fits it and carries no secret, else
    `cdrom`."""
    path: Annotated[str | None, Facts(central=Support("refused", "takes no files of a cluster's storage"))] = None
    """With the delivery `path`: where the file of each member lies, as a template: `adsf:///container/{{ name }}.yaml`.
    It stands in for a template. A changed file is told by another address."""
    disc_seconds: Annotated[int, Field(ge=0, le=7200)] = 120
    """Seconds after power-on that our disc stays in at least: Prism does not tell when the guest has read it. Not used
    when `readiness.when` is `payload`."""

    @model_validator(mode="before")
    @classmethod
    def _path_stands_alone(cls, bag: Any) -> Any:
        if isinstance(bag, dict):
            if (bag.get("path") is None) == (bag.get("delivery") == "path"):
                raise ValueError("path goes with the delivery path, and that with a path")
            texts = ("template", "templateFile", "windows", "metaData", "networkConfig", "layout", "datasourceList")
            if bag.get("path") is not None and (alien := [name for name in texts if bag.get(name) is not None]):
                raise ValueError(f"{' and '.join(alien)} cannot be beside a path: the file says all of it")
        return bag


class PoolReadiness(Bag):
    """When a member counts as ready."""

    when: Literal["power", "address", "payload", "guestTools"] = "address"
    """`power`: it is on. `address`: it is on and has an address. `payload`: the guest has switched itself off after its
    first boot (cloud-init: `power_state: {mode: poweroff}`); then it is started again and has to get an address.
    `guestTools`: it is on and its guest tools answer."""
    timeout: Annotated[int, Field(ge=10, le=86400)] = 900
    """Seconds that members may take for it."""


class PoolRollout(Bag):
    """How members are rolled to a new template version or payload."""

    batch_size: Positive = 1
    """Members in one batch."""
    max_unavailable: Natural = 1
    """Members that may be unavailable at a time, whatever the reason."""
    max_surge: Natural = 0
    """Members that there may be above `size` meanwhile."""
    pause: Annotated[float, Field(ge=0)] = 0
    """Seconds between two batches."""
    max_failed: Natural = 0
    """Members that may fail before the rollout ends."""
    on_failure: Literal["stop", "rollBack"] = "stop"
    """What happens then: `stop`, or `rollBack` to what stood before."""

    @model_validator(mode="after")
    def _goes_on(self) -> PoolRollout:
        if self.max_unavailable + self.max_surge < 1:
            raise ValueError("maxUnavailable and maxSurge are both 0, so nothing can ever be rolled")
        return self


class PoolMember(Bag):
    """A member as it is wanted, or as it is."""

    model_config = ConfigDict(populate_by_name=True)  # the provider makes it as well

    slot: Natural
    """Its stable index, from 0."""
    born: Natural = 0
    """With which growth of the pool the slot was filled, counted from 1: its age."""
    template_version: str
    """UUID of the template version it is made of."""
    payload_digest: str | None = None
    """Digest of its payload; secrets go into it through scrypt."""
    power: str
    """`on` or `off`."""
    vcpus: int | None = None
    """Number of vCPUs."""
    memory: int | None = None
    """Memory in MiB."""
    networks: list[str] | None = None
    """Subnets of its cards."""
    address: str | None = None
    """Static address of its first card."""
    categories: list[str] | None = None
    """Categories, sorted."""
    guest_tools: str | None = None
    """What its guest tools are enabled for; `enabled` when for nothing more, or `disabled`."""


class PoolInputs(Bag):
    """Machines made of one template: a stable slot each, rolled in batches when the template or the payload changes.

    A pool that could not be made whole stands with the members that it has; their reasons are in `status`. In Python a
    second resource, the gate, then fails the run with one line for each such member, and the next `up` repairs those.
    """

    name: Annotated[str, StringConstraints(min_length=1, max_length=64), Facts(Change.RECORDED, filled=True)]
    """Name of the pool. Default: the name of the resource."""
    template: Annotated[str, StringConstraints(min_length=1)]
    """UUID of the template."""
    template_version: str | None = None
    """UUID of a template version. Default: the active one, followed when another becomes it."""
    size: Annotated[int, Field(ge=0, le=MAX_SIZE)]
    """Number of members."""
    provisioning: Annotated[Literal["thin", "full"], RECORDED] = "thin"
    """How new members are made: `thin` of the template's version, `full` by cloning a machine that is made of it for
    the run. Those that stand stay as they are."""
    naming: PoolNaming | None = None
    """What members are called."""
    payload: PoolPayload | None = None
    """What guests are told at their first boot."""
    member_variables: dict[str, dict[str, Any]] | None = None
    """Further variables of single members, by their name or slot. They go over those of the payload."""
    networks: list[str] | None = None
    """Subnets by name or UUID, one for each card. Default: the cards of the template."""
    addresses: list[str] | None = None
    """Addresses of the first card, by slot. Plain ones (`10.0.0.5`) are given out by Prism, on a managed subnet; those
    with a prefix length (`10.0.0.5/24`) are set by the guest itself, through the payload. Default: Prism or DHCP gives
    them."""
    network: PoolNetwork | None = None
    """Gateway and name servers of guests that set their address themselves."""
    domain: PoolDomain | None = None
    """Active Directory domain that members join at their first boot."""
    vcpus: Annotated[int, Field(ge=1, le=240), Facts(Change.RESTARTS)] | None = None
    """Number of vCPUs. Default: as in the template."""
    memory: Annotated[int, Field(ge=64, le=4 << 20), Facts(Change.RESTARTS)] | None = None
    """Memory in MiB. Default: as in the template."""
    categories: Annotated[list[Category] | None, Facts(element=Support("refused", "has no categories"))] = None
    """Categories as `Key:Value`. They have to exist."""
    power: Power = "on"
    """Whether members run. With `off`, those that have a payload or guest tools are started once for them."""
    guest_tools: PoolGuestTools | None = None
    """Guest tools of every member. Taken out again, the tools stay as they are."""
    readiness: PoolReadiness | None = None
    """When a member counts as ready."""
    rollout: PoolRollout | None = None
    """How members are rolled."""
    remove_first: Annotated[list[str] | None, RECORDED] = None
    """Names of members that go first when the pool shrinks."""
    scale_down: Annotated[Literal["highestSlot", "oldest", "newest"], RECORDED] = "highestSlot"
    """Who goes then, after those of `removeFirst`: the highest slots, or those whose slot was filled first or last. A
    member that is made anew keeps the age of its slot; of the same age, the highest goes."""
    on_payload_change: Annotated[Literal["recreate", "nextRecreate", "ignore"], RECORDED] = "recreate"
    """What a new payload means for members that stand: `recreate` rolls them, `nextRecreate` waits for another reason
    to make them anew, `ignore` is the same without a word."""
    on_member_failure: Annotated[Literal["replace", "keep", "fail"], RECORDED] = "replace"
    """What happens to a member that is found broken: `replace`, `keep` it as it is, or `fail` and do nothing more."""
    on_delete: Annotated[Literal["delete", "keep"], RECORDED] = "delete"
    """What happens to the members when the pool is deleted."""
    shutdown_timeout: Annotated[int, Field(ge=0, le=3600), RECORDED] = 120
    """Seconds that a guest may take to shut down before it is switched off."""
    timeout: Annotated[int, Field(ge=60, le=86400), RECORDED] = 3600
    """Seconds that Prism may take for one batch, without the wait for `readiness`."""
    cluster: Annotated[str | None, REPLACES] = None
    """Cluster by name or UUID. Default: that of the connection, or the only one."""
    connection: Annotated[str | None, REPLACES] = None
    """Name of a connection of `ahv:connections`. Default: the connection of `ahv:endpoint`."""
    owner: Annotated[str, Facts(Change.REPLACES, computed=True)]
    """Project, stack and resource that the members belong to: the mark they carry in Prism."""
    members: Annotated[dict[str, PoolMember] | None, Facts(Change.IN_PLACE, computed=True)] = None
    """Every member by its name, as it follows from the other properties; after a refresh, as it is in Prism."""
    fallback: Annotated[dict[str, Any] | None, Facts(Change.RECORDED, secret=True, computed=True)] = None
    """While not all members are as they are wanted: the inputs of the last run after which they were. A rollout that
    fails can go back to them."""

    @field_validator("readiness")
    @classmethod
    def _tools_that_answer(cls, readiness: PoolReadiness | None, info: ValidationInfo) -> PoolReadiness | None:
        if readiness and readiness.when == "guestTools" and info.data.get("guest_tools", False) is None:
            raise ValueError("when is 'guestTools', which needs guestTools")
        return readiness


class PoolMemberStatus(Bag):
    """How a member is."""

    uuid: str
    """UUID of its VM; empty where there is none."""
    slot: int
    """Its slot."""
    addresses: list[str]
    """Every address of every card."""
    state: str
    """`ready`, `off`, `notReady`, `halfMade`, `failed` or `missing`."""
    reason: str
    """Why it is not ready; empty when it is."""


class PoolMetrics(Bag):
    """How long the last run took, in seconds."""

    seconds: float
    """The run in all."""
    members: dict[str, dict[str, float]]
    """Phases of each member that was made: `clone`, `mark`, `customise`, `power`, `ready`, `tools`,
    `disc`."""


class PoolOutputs(Bag):
    """What Prism tells of the pool."""

    status: dict[str, PoolMemberStatus]
    """Every member by its name."""
    ready: bool
    """Whether all members are as they are wanted."""
    failures: list[str]
    """One line for each member that is not, with what to do."""
    metrics: PoolMetrics
    """How long the last run took."""
