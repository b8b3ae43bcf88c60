"""Guest tools are installed in a machine, enabled for snapshots, and waited for.

    pulumi config set vm 0e9cfbf2-adf6-4b68-835a-a7a7e743b4b5
    pulumi config set --secret password ...
    pulumi up

The machine runs already and has a free CD-ROM drive. An installed guest is not signed in to again: a new password
changes nothing. `pulumi preview --refresh` shows tools that were disabled, or uninstalled, behind the program's back.
"""

import pulumi
from pulumi_ahv import GuestTools

config = pulumi.Config()

tools = GuestTools(
    "tools",
    vm=config.require("vm"),
    capabilities=["vssSnapshot"],
    install={"username": config.require("username"), "password": config.require_secret("password")},
    wait_until_reachable=True,
)

pulumi.export("installed", tools.installed)
pulumi.export("version", tools.version)
pulumi.export("availableVersion", tools.available_version)
