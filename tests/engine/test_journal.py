"""The state while a run changes it."""

from __future__ import annotations

from pulumi_ahv.engine.journal import Journal
from pulumi_ahv.engine.records import Operation, Record, Snapshot


def _record(name: str, **fields: object) -> Record:
    return Record(f"urn:pulumi:dev::proj::t:t:T::{name}", "t:t:T", custom=True, **fields)  # type: ignore[arg-type]


class Saved(list[Snapshot]):
    def names(self) -> list[str]:
        return [record.urn[-1] for record in self[-1].resources]


def test_resources_of_this_run_stand_before_what_is_untouched() -> None:
    saved, a, b = Saved(), _record("a"), _record("b")
    journal = Journal(Snapshot([a, b]), saved.append)

    journal.settle(done=b, new=_record("b"))
    journal.settle(new=_record("c"))

    assert saved.names() == ["b", "c", "a"]


def test_a_begun_step_is_saved_until_its_end() -> None:
    saved = Saved()
    journal = Journal(Snapshot(), saved.append)

    operation = journal.begin("creating", _record("a"))
    assert [item.type for item in saved[-1].pending] == ["creating"]
    journal.end(operation)
    journal.touch()

    assert saved[-1].pending == []


def test_pending_creates_of_an_earlier_run_stay_and_other_operations_go() -> None:
    saved = Saved()
    base = Snapshot([], [Operation(_record("a"), "creating"), Operation(_record("b"), "updating")])

    Journal(base, saved.append).touch()

    assert [(item.record.urn[-1], item.type) for item in saved[-1].pending] == [("a", "creating")]


def test_unchanged_resources_are_saved_at_the_end_at_the_latest() -> None:
    saved, a = Saved(), _record("a")
    journal = Journal(Snapshot([a]), saved.append)

    journal.keep(a, _record("a", inputs={"x": 1}))
    assert saved == []
    journal.close()

    assert saved[-1].resources[0].inputs == {"x": 1}


def test_who_refers_to_a_renamed_resource_refers_to_its_new_name() -> None:
    old, new = _record("a"), _record("z")
    child = _record("c", parent=old.urn, dependencies=[old.urn], property_dependencies={"x": [old.urn]})
    journal = Journal(Snapshot([old, child]))

    journal.rename(old.urn, new.urn)
    journal.settle(done=old, new=new)
    seen = journal.snapshot().resources[1]

    assert (seen.parent, seen.dependencies, seen.property_dependencies) == (new.urn, [new.urn], {"x": [new.urn]})


def test_a_preview_saves_nothing() -> None:
    journal = Journal(Snapshot())

    journal.settle(new=_record("a"))
    journal.close()

    assert len(journal.snapshot().resources) == 1
