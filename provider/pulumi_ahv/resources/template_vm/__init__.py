"""The template VM: a template whose versions follow the program, and its maintenance mode.

There is no master machine that is worked on. A version freezes disks and hardware of a machine; so a machine is built
from the images under a working name, frozen, and deleted, or taken over by the template (an Element's templates are
machines that stay off). For changes by hand there is a guest update: a machine of a version that is brought up, and
goes when the update is completed or cancelled. That one is the master while there is one to be seen; a master of ours
beside it would hold storage and memory, drift, and never be looked at.

What a changed property costs is written once, in the declarations: ``IN_PLACE`` (name, description), ``REBUILDS``
(disks, firmware: a version built anew from the images), ``RESHAPES`` (vCPUs, memory, cards: a version made of the
newest one, so that changes by hand stay), ``REPLACES`` (another place).

Neither the API's template nor its version tells what it was made of (api-v4, section 5: the disks of a frozen machine
name images of Prism's own), so every version carries a record of ours (``records``). From it ``read`` knows what the
active version is, and an interrupted run what it has done already.

Assumed: a version may be added from a machine that has nothing to do with the template (the API takes any machine); a
machine that was frozen can be deleted (Central copies its disks, a snapshot of an Element outlives its machine);
versions keep empty drives.
"""
