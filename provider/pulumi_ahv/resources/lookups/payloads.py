"""The lookup that asks no Prism: a payload, rendered and checked as a pool's is."""

from __future__ import annotations

import base64

from pulumi_ahv.payload.payload import RenderedPayload
from pulumi_ahv.payload.variables import Member
from pulumi_ahv.resources.pool.marks import DIGEST_DIGITS
from pulumi_ahv.resources.pool.payloads import payload_of
from pulumi_ahv.schema.lookups import PayloadFinding, RenderPayloadArgs, RenderPayloadResult


def payload(asked: RenderPayloadArgs) -> RenderPayloadResult:
    """Render for one machine; what is wrong with the payload is in the findings, and raises nothing."""
    member = Member(asked.name, asked.slot, variables=asked.member_variables or {})
    rendered = payload_of(asked.payload, salt=asked.owner or "").render(member)
    if not isinstance(rendered, RenderedPayload):
        raise TypeError("validation lets nothing through that is not known")
    return RenderPayloadResult(
        files={path: _text(content) for path, content in rendered.files().items()},
        digest=rendered.digest[:DIGEST_DIGITS],
        label=rendered.label,
        carries_secret=rendered.carries_secret,
        findings=[
            PayloadFinding(
                severity=finding.severity.value,
                code=finding.code,
                file=finding.file,
                line=finding.line,
                column=finding.column,
                message=finding.message,
                advice=finding.advice,
            )
            for finding in rendered.findings
        ],
    )


def _text(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return f"base64:{base64.b64encode(content).decode()}"
