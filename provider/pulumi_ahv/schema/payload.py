"""What a guest is told at its first boot, whoever tells it: the members of a pool, or the machine of a template."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import model_validator

from pulumi_ahv.schema.fields import Bag, Facts
from pulumi_ahv.schema.pool_guest import PoolWindows


class PayloadTexts(Bag):
    """Texts for a guest, and what they are rendered with."""

    kind: Literal["cloudInit", "unattend"] = "cloudInit"
    """`cloudInit`, or `unattend` for Windows."""
    template: str | None = None
    """The user-data or answer file, as a Jinja template. At most one of `template` and `templateFile`."""
    template_file: str | None = None
    """File with it, relative to the program. It can include other files of its folder."""
    template_texts: Annotated[dict[str, str] | None, Facts(secret=True, computed=True)] = None
    """Text of the template file, and of those it includes, by name: a rollout can go back to them when they changed."""
    windows: PoolWindows | None = None
    """With `unattend` and without a template: what the answer file says that is written then. All of it is optional."""
    meta_data: dict[str, Any] | None = None
    """Further keys of the meta-data; texts in it are templates. With `cloudInit`."""
    network_config: str | None = None
    """A network-config of version 2, as a template. With the layout `noCloud`."""
    variables: dict[str, Any] | None = None
    """What templates see beside `name`, `slot` and `hostname`."""
    secrets: Annotated[dict[str, str] | None, Facts(secret=True)] = None
    """Variables that are never shown. State tells no more of them than a digest by scrypt."""
    layout: Literal["configDrive", "noCloud"] | None = None
    """Layout of the disc, with `cloudInit`. Default: `configDrive`."""
    datasource_list: list[str] | None = None
    """The `datasource_list` that the image pins in its cloud.cfg, if it does: the layout is checked against it."""

    @model_validator(mode="before")
    @classmethod
    def _texts_go_together(cls, bag: Any) -> Any:
        if isinstance(bag, dict):
            given = [name for name in ("template", "templateFile") if bag.get(name) is not None]
            if len(given) > 1:
                raise ValueError("takes one of template and templateFile, and both are given")
            if bag.get("windows") is not None and (given or bag.get("kind", "cloudInit") == "cloudInit"):
                raise ValueError("windows goes with the kind unattend, without a template")
            if bag.get("kind") == "unattend":
                names = ("metaData", "networkConfig", "layout", "datasourceList")
                alien = [name for name in names if bag.get(name) is not None]
                if alien:
                    raise ValueError(f"{' and '.join(alien)} go with cloudInit only")
            if bag.get("networkConfig") is not None and bag.get("layout") != "noCloud":
                raise ValueError("networkConfig needs the layout noCloud: a config drive has another format")
        return bag
