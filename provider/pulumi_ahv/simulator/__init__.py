"""An embedded Prism: what moto is for AWS. ``from pulumi_ahv.simulator.server import running`` starts one in a test.

Written from what is known of the API, never from our client, so that it can contradict the client: it imports the
kernel and nothing else of this package. A reader finds his way by file names: one module per family of the API
(``images``, ``clusters``, ``categories``, …) on a small core: ``gateway`` (the way of a request), ``routing``,
``work`` (tasks), ``timeline``, ``store``, ``injection`` (faults), ``control``. What it serves, what it assumes and
how to steer it: docs/simulator.md.
"""
