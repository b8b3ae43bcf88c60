"""The one store: every entity, task, session and event of a site, in memory, and in a SQLite file where one is named.

A record is a plain body (the newest minor's wire shape without its framing) and hidden values that no API shows.
Memory is the truth while the process lives; ``flush`` writes what changed in one transaction. The gateway flushes
before it answers, so a killed process has everything that anybody was told of. Content of disks lies in ``disks``,
beside the file, one sparse file per content, never changed once it is named by a record.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_SCHEMA = """
create table if not exists records (kind text, id text, place integer, document text, primary key (kind, id));
"""


@dataclass
class Record:
    """One thing the site remembers."""

    ext_id: str
    body: dict[str, Any]
    hidden: dict[str, Any] = field(default_factory=dict)
    revision: int = 0
    place: int = 0


class Table:
    """The records of one kind, in the order in which they were made."""

    def __init__(self, kind: str, dirty: set[tuple[str, str]]) -> None:
        self._kind = kind
        self._records: dict[str, Record] = {}
        self._dirty = dirty
        self._place = 0

    def __iter__(self) -> Iterator[Record]:
        return iter(self._records.values())

    def __len__(self) -> int:
        return len(self._records)

    def get(self, ext_id: str) -> Record | None:
        """The record, if there is one."""
        return self._records.get(ext_id)

    def add(self, ext_id: str, body: dict[str, Any], **hidden: Any) -> Record:
        """Remember a new record, or put another in the place of the one with this id."""
        self._place += 1
        record = Record(ext_id, body, hidden, place=self._place)
        self._records[ext_id] = record
        self.save(record)
        return record

    def restore(self, record: Record) -> None:
        """Take a record in that was read from a file."""
        self._records[record.ext_id] = record
        self._place = max(self._place, record.place)

    def touch(self, record: Record) -> None:
        """Note a change that a client can see: the ETag moves on."""
        record.revision += 1
        self.save(record)

    def save(self, record: Record) -> None:
        """Note a change that no ETag shows."""
        self._dirty.add((self._kind, record.ext_id))

    def remove(self, ext_id: str) -> None:
        """Forget a record; one that is not there is forgotten already."""
        if self._records.pop(ext_id, None) is not None:
            self._dirty.add((self._kind, ext_id))

    def clear(self) -> None:
        """Forget all of them."""
        for ext_id in list(self._records):
            self.remove(ext_id)


class Store:
    """All tables, and the folder of the disks' content."""

    def __init__(self, file: Path | None = None) -> None:
        self._tables: dict[str, Table] = {}
        self._dirty: set[tuple[str, str]] = set()
        self._database: sqlite3.Connection | None = None
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        if file is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="ahv-sim-")
            self.folder = Path(self._temporary.name)
        else:
            self.folder = file.with_name(file.name + ".files")
            self._database = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
            self._database.executescript("pragma journal_mode=wal; pragma synchronous=off;" + _SCHEMA)
            self._read()
        self.disks = self.folder / "disks"
        self.disks.mkdir(parents=True, exist_ok=True)

    def table(self, kind: str) -> Table:
        """The table of one kind, made on first use."""
        if kind not in self._tables:
            self._tables[kind] = Table(kind, self._dirty)
        return self._tables[kind]

    def kinds(self) -> list[str]:
        """The kinds that hold anything."""
        return sorted(kind for kind, table in self._tables.items() if len(table))

    def flush(self) -> None:
        """Write what changed since the last call, all or nothing."""
        if self._database is None or not self._dirty:
            self._dirty.clear()
            return
        self._database.execute("begin immediate")
        for kind, ext_id in self._dirty:
            record = self.table(kind).get(ext_id)
            if record is None:
                self._database.execute("delete from records where kind = ? and id = ?", (kind, ext_id))
            else:
                row = (kind, ext_id, record.place, _document(record))
                self._database.execute("insert or replace into records values (?, ?, ?, ?)", row)
        self._database.execute("commit")
        self._dirty.clear()

    def save_snapshot(self, name: str) -> None:
        """Keep a copy of everything under a name; content of disks is shared, not copied."""
        folder = self._snapshot(name)
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "disks").mkdir(parents=True)
        rows = [
            [kind, record.place, record.ext_id, _document(record)]
            for kind, table in self._tables.items()
            for record in table
        ]
        (folder / "records.json").write_text(json.dumps(rows), "utf-8")
        for disk in self.disks.iterdir():
            with suppress(FileNotFoundError):  # a conversion has just put away what no record names
                os.link(disk, folder / "disks" / disk.name)

    def load_snapshot(self, name: str) -> None:
        """Put back what ``save_snapshot`` kept.

        Raises:
            KeyError: no snapshot has this name.
        """
        folder = self._snapshot(name)
        if not folder.is_dir():
            raise KeyError(name)
        self.clear()
        for kind, place, ext_id, document in json.loads((folder / "records.json").read_text("utf-8")):
            self._restore(kind, ext_id, place, document)
            self._dirty.add((kind, ext_id))
        for disk in (folder / "disks").iterdir():
            os.link(disk, self.disks / disk.name)

    def clear(self) -> None:
        """Forget everything but the snapshots."""
        for table in self._tables.values():
            table.clear()
        for disk in self.disks.iterdir():
            disk.unlink()

    def close(self) -> None:
        """Write what is left, close the file, or drop the temporary folder."""
        self.flush()
        if self._database is not None:
            self._database.close()
        if self._temporary is not None:
            self._temporary.cleanup()

    def _snapshot(self, name: str) -> Path:
        if not name.replace("-", "").replace("_", "").isalnum():
            raise KeyError(name)
        return self.folder / "snapshots" / name

    def _read(self) -> None:
        assert self._database is not None  # noqa: S101 - said for the type checker; only called where there is a file
        for row in self._database.execute("select kind, id, place, document from records order by place"):
            self._restore(*row)

    def _restore(self, kind: str, ext_id: str, place: int, document: str) -> None:
        value = json.loads(document)
        self.table(kind).restore(Record(ext_id, value["body"], value["hidden"], value["revision"], place))


def _document(record: Record) -> str:
    return json.dumps({"body": record.body, "hidden": record.hidden, "revision": record.revision})
