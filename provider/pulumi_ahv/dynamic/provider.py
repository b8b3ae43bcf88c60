"""The provider object that programs hand to Pulumi, and that Pulumi hands to its provider process.

Pulumi keeps a pickle of it in state, as a reference to this class and the name of the kind. So the class must stay
where it is, and keep nothing but that name when it is pickled. All work is done by ``served``, which is imported only
in the provider process: a program does not pay for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulumi.dynamic import (
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)

if TYPE_CHECKING:
    from pulumi_ahv.dynamic.served import Served


class AhvProvider(ResourceProvider):
    """One kind of resource, for example ``Image``."""

    _served: Served

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    def configure(self, req: ConfigureRequest) -> None:
        """Take the configuration of the stack; connect to nothing yet."""
        from pulumi_ahv.dynamic.served import serve  # noqa: PLC0415 - the provider process needs it, a program does not

        self._served = serve(self.kind, req.config.get)

    def check(self, olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Find everything that is wrong, at once."""
        return self._served.check(olds, news)

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """Say what needs a new object; the engine finds the rest by itself, from old and new inputs."""
        return self._served.diff(olds, news)

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Find or make the object."""
        return self._served.create(props)

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Answer live state and live inputs; an empty id when the object is gone."""
        return self._served.read(id_, props)

    def update(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        """Change the object in place."""
        return self._served.update(_id, olds, news)

    def delete(self, _id: str, props: dict[str, Any]) -> None:
        """Delete the object, or find it gone."""
        self._served.delete(_id, props)
