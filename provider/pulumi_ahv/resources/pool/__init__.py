"""Pools: from typed inputs to machines, and back to what they are.

    wanted      inputs ──► the map of members that ``check`` puts into state ──► what the planner takes
    payloads    templates and variables ──► a rendered payload and its digest for each slot
    marks       names and descriptions by which a machine says whose it is, and which slot
    actual      what Prism tells ──► members as they are, for the planner, for state and for a drift
    handler     check, create, read, update, delete
    running     a run: batch by batch of the planner, performed, judged, told
    performing  one batch: the bulk calls in their order
    delivering  discs: made, uploaded, inserted, deleted
    customizing Prism's own customisation, of machines that stand or with the call that makes them
    filed       payloads that lie as files on the storage of an Element
    waiting     polls that look at all members with one call
    gate        the resource that fails a run while its pool is not ready

What is planned is a pure function in ``pool_plan``; what goes over the wire is known below ``prism``.
"""
