"""The planner of pools: from what is wanted and what is there to ordered steps. Pure: no calls, no clock, no chance.

How data flows, and who does what:

    naming, size, what is held ──► slots.choose_slots ──► which slots there are to be, and their names
    payload, template, settings ─► (the resource) ──────► members.DesiredMember for each of them
    Prism, by mark ──────────────► (the resource) ──────► members.ActualMember for everything that is there

    desired, actual ─► run.begin ─► Run ─► deciding.next_batch ─► Batch ─► (the interpreter runs its steps side by
                                     ▲                                      side, waits at its gate, reads back)
                                     └── run.advance ◄── Result: what there is of each slot now ◄──┘
                                                         ... until next_batch answers End

``run.plan`` is the same loop with every step succeeding: what a preview shows is what a run does when nothing fails.
After each batch the planner decides anew from what is there, so that failures use up the budget of unavailable
members, and a run that was killed is not continued but planned again from what it left.

The order within a run: take away what is surplus; make, finish and replace what is missing, half-made or broken (none
of which makes anything unavailable that was not so before); change in place what needs no restart; then roll, in
batches within ``max_unavailable`` and ``max_surge``. A slot that fails is not tried again in the same run.

A rollout that is taken back wants what stood at the start of the run again. The planner knows its facts only; whoever
interprets the steps has to have the template version and the payload of then (from the resource's old inputs).
"""
