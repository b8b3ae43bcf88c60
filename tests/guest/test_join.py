"""Debian's cloud-init runs the joining script beside what the user wrote, with a realmd of the test's in the image."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pulumi_ahv.kernel.secrets import Secret
from pulumi_ahv.payload.layouts import Layout
from pulumi_ahv.payload.payload import RenderedPayload
from pulumi_ahv.payload.spec import Identity, PayloadSpec
from pulumi_ahv.payload.templating import Template
from pulumi_ahv.payload.variables import Domain, Member

pytestmark = pytest.mark.guest

PASSWORD = "it's $HOME `x` \\n"
DOMAIN = Domain("corp.example", "OU=Build Agents,DC=corp,DC=example", "joiner", Secret(PASSWORD))
CONFIG = """#cloud-config
write_files:
  - path: /usr/bin/realm
    permissions: "0755"
    content: |
      #!/bin/sh
      [ "$1" = join ] || exit 0
      echo "$@" > /root/called
      cat > /root/read
  - {path: /usr/bin/adcli, permissions: "0755", content: "#!/bin/sh\\n"}
  - {path: /usr/bin/sssd, permissions: "0755", content: "#!/bin/sh\\n"}
runcmd:
  - [cp, /root/called, /root/seen-by-runcmd]
"""
MULTIPART = f"""MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="theirs"

--theirs
Content-Type: text/cloud-config

{CONFIG}
--theirs
Content-Type: text/x-shellscript; charset="us-ascii"
Content-Disposition: attachment; filename="90-last"

#!/bin/sh
touch /root/their-script
--theirs--
"""


@pytest.mark.parametrize("text", [CONFIG, MULTIPART], ids=["cloud-config", "multipart"])
def test_the_guest_joins_before_the_users_commands_run(
    layout: Layout,
    insert: Callable[[bytes], Any],
    rendered: Callable[..., RenderedPayload],
    identity: Identity,
    text: str,
) -> None:
    spec = PayloadSpec(layout, user_data=(Template("user-data", text),))
    guest = insert(rendered(spec, Member("agent-003", domain=DOMAIN)).disc(identity))
    assert guest.status("result")["v1"]["errors"] == []
    assert guest.text("/root/read") == PASSWORD + "\n"
    assert guest.text("/root/called") == (
        "join --user=joiner --computer-ou=OU=Build Agents,DC=corp,DC=example corp.example\n"
    )
    assert guest.text("/root/seen-by-runcmd") == guest.text("/root/called")
    assert guest.path("/root/their-script").exists() == (text is MULTIPART)
    assert not guest.path("/var/lib/cloud/instance/scripts/00-join-domain").exists()
    assert "$HOME `x`" not in guest.log
