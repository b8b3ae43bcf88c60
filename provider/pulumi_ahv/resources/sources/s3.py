"""An object in S3, or in anything that speaks its protocol, as the source of an image.

This is the door; ``s3_client`` does the work and is imported when it is needed, because boto3 takes 0.2 s.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO

from pulumi_ahv.resources.sources.s3_places import S3Facts, S3Location


def inspect_object(location: S3Location, *, path_property: str, kind: str) -> S3Facts:
    """Look into an object that is to become an image of ``kind``, ``disk`` or ``iso``, by its headers and footers.

    Raises:
        InputError: on ``path_property`` or a property below it; no such image can be made of it.
    """
    from pulumi_ahv.resources.sources import s3_client  # noqa: PLC0415 - brings boto3 and oslo.utils

    return s3_client.inspect(location, path_property=path_property, kind=kind)


def open_object(location: S3Location, facts: S3Facts, *, path_property: str = "source.s3") -> Callable[[], BinaryIO]:
    """Give a function that opens the object from its first byte, each time it is called.

    The reader takes constant memory. After a dropped connection it goes on where it was; it raises an ``InputError``
    when the object is not the one of ``facts`` any more.
    """

    def open_() -> BinaryIO:
        from pulumi_ahv.resources.sources import s3_client  # noqa: PLC0415 - brings boto3

        return s3_client.open_reader(location, facts, path_property=path_property)

    return open_
