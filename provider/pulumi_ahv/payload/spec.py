"""What a payload is made from, as the resources layer and ``ahv render`` say it: values without behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pulumi_ahv.kernel.secrets import Secret
from pulumi_ahv.payload.layouts import Layout
from pulumi_ahv.payload.templating import Template


@dataclass(frozen=True)
class CloudConfig:
    """A cloud-config as data, written as YAML by us. Texts in it may be templates; secrets are never rendered."""

    data: Mapping[str, object]
    name: str = "cloudConfig"


@dataclass(frozen=True)
class Windows:
    """The common case of a Windows answer file; name and domain come from the member.

    ``locale`` is a language tag (``de-DE``), ``time_zone`` Windows' own name of it (``W. Europe Standard Time``). Texts
    may be templates. First-logon commands run at an automatic logon only, and Windows starts them all at once.
    """

    locale: str = "en-US"
    keyboard: str = ""
    time_zone: str = "UTC"
    organization: str = ""
    owner: str = ""
    product_key: Secret | None = None
    administrator_password: Secret | None = None
    auto_logon_count: int = 0
    first_logon_commands: tuple[str, ...] = ()
    remote_desktop: bool = False
    workgroup: str = ""


UserData = Template | CloudConfig


@dataclass(frozen=True)
class PayloadSpec:
    """A payload, the same for all members.

    Attributes:
        layout: what the disc looks like; ``windows`` takes ``answers``, the others ``user_data``.
        user_data: none, one text as it is, or several as the parts of a MIME multipart.
        vendor_data: what the image's owner adds; user-data wins where both name a key.
        network: ``True`` writes it from the member's interfaces, ``False`` writes none, ``None`` writes it when an
            interface has a static address; a template is a network-config of the user's (NoCloud only).
        meta_data: further keys of the meta-data; the instance id and host name are ours.
        answers: the answer file as a template, or as settings.
        files: further files by their path on the disc.
        variables: what templates see beside the member's own; secrets are wrapped.
        gzip_over: user-data of more bytes than this is compressed; 0 never.
    """

    layout: Layout = Layout.CONFIG_DRIVE
    user_data: tuple[UserData, ...] = ()
    vendor_data: Template | None = None
    network: Template | bool | None = None
    meta_data: Mapping[str, object] = field(default_factory=dict)
    answers: Template | Windows | None = None
    files: Mapping[str, Template | bytes] = field(default_factory=dict)
    variables: Mapping[str, object] = field(default_factory=dict)
    gzip_over: int = 0


@dataclass(frozen=True)
class Identity:
    """What is known of a VM only once it is made. ``macs`` are in the order of the member's interfaces."""

    uuid: str
    macs: tuple[str, ...] = ()
