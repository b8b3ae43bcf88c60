"""What S3 or the way to it can answer, in words that say which property to change.

Codes: AWS API reference, "Error responses" of S3. The texts of others pass the scrubber before they are shown.
"""

from __future__ import annotations

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
    ProfileNotFound,
    ResponseStreamingError,
)
from botocore.exceptions import ConnectionError as NotConnected

from pulumi_ahv.kernel.errors import InputError
from pulumi_ahv.kernel.secrets import Scrubber
from pulumi_ahv.resources.sources.s3_places import S3Location

_CREDENTIALS = (
    "Correct accessKey and secretKey, or the credentials that AWS's own rules find (profile, variables, role)."
)
_REGION = "Set region to the one that the bucket is in, or correct the endpoint."
_BY_CODE = {
    "NoSuchBucket": ("bucket", "there is no such bucket", "Correct bucket, or endpoint if it is another server's."),
    "NoSuchKey": ("key", "there is no such object in the bucket", "Correct key; it is case-sensitive."),
    "NoSuchVersion": ("versionId", "the object has no such version", "Correct versionId, or leave it out."),
    "AccessDenied": (
        "",
        "access is denied",
        "Allow these credentials s3:GetObject on it, and s3:ListBucket on the bucket.",
    ),
    "InvalidAccessKeyId": ("accessKey", "S3 does not know the access key", _CREDENTIALS),
    "SignatureDoesNotMatch": ("secretKey", "the secret key does not belong to the access key", _CREDENTIALS),
    "ExpiredToken": ("", "the credentials have expired", "Sign in again (aws sso login), or renew them."),
    "InvalidToken": ("", "the session token is not valid", "Sign in again (aws sso login), or renew it."),
    "PermanentRedirect": ("region", "the bucket is in another region", _REGION),
    "AuthorizationHeaderMalformed": ("region", "the request was signed for another region", _REGION),
    "InvalidObjectState": ("key", "the object is archived", "Restore it from its archive first."),
    "RequestTimeTooSkewed": ("", "the clock of this machine is wrong", "Set it; S3 allows 15 minutes."),
    "PreconditionFailed": ("key", "the object changed while it was read", "Run it again when nothing writes to it."),
}
_BY_STATUS = {"301": "PermanentRedirect", "403": "AccessDenied", "404": "NoSuchKey", "412": "PreconditionFailed"}


def code_of(error: ClientError) -> str:
    """Code of an answer, worked out from the status where it came without a body."""
    code = error.response.get("Error", {}).get("Code", "")
    return _BY_STATUS.get(code, code)


def explain(error: BotoCoreError | ClientError | ValueError, location: S3Location, path_property: str) -> InputError:
    """Turn what botocore raised into an error on the property that is most likely wrong."""
    field, said, advice = _about(error, location)
    if isinstance(error, ClientError) and location.endpoint:
        advice = f"{advice} The server is {location.endpoint}."
    text = Scrubber([location.secret_key] if location.secret_key else []).scrub(said)
    path = f"{path_property}.{field}" if field else path_property
    return InputError(path, f"{address(location)}: {text}", advice=advice)


def address(location: S3Location) -> str:
    """The object as its users write it."""
    return f"s3://{location.bucket}/{location.key}"


def _about(error: BotoCoreError | ClientError | ValueError, location: S3Location) -> tuple[str, str, str]:
    if isinstance(error, ClientError):
        code = code_of(error)
        message = error.response.get("Error", {}).get("Message", "") or str(error)
        return _BY_CODE.get(code, ("", f"S3 answered {code}: {message}", "Look the code up in the server's manual."))
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        advice = "Set accessKey and secretKey, profile, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        return "", "no credentials were found" if isinstance(error, NoCredentialsError) else str(error), advice
    if isinstance(error, ProfileNotFound):
        return "profile", f"there is no profile {location.profile!r}", "Correct profile, or add it to ~/.aws/config."
    if isinstance(error, ParamValidationError):
        return "bucket", f"these are no valid names: {error}", "Correct bucket and key."
    if isinstance(error, IncompleteReadError | HTTPClientError | NotConnected):
        broke = isinstance(error, IncompleteReadError | ResponseStreamingError)
        what = "broke off the connection again and again" if broke else f"could not be reached: {error}"
        return "endpoint", f"{location.endpoint or 'AWS'} {what}", "Check endpoint, proxy, firewall and certificate."
    return "endpoint" if isinstance(error, ValueError) else "", str(error), "Correct the settings of the source."
