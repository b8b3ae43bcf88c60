"""A dynamic resource that does what a file tells it and writes down every call, like ``actor``."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pulumi
from pulumi import dynamic
from pulumi.output import Unknown


def _shown(value: Any) -> Any:
    if isinstance(value, Unknown):
        return "[unknown]"
    if isinstance(value, dict):
        return {key: _shown(item) for key, item in value.items() if key != "__provider"}
    return [_shown(item) for item in value] if isinstance(value, list) else value


def _told(method: str, name: str, **bags: Any) -> dict[str, Any]:
    directory = Path(os.environ["ACTOR_DIR"])
    with (directory / "calls.jsonl").open("a") as file:
        file.write(json.dumps({"method": method, "name": name, **_shown(bags)}) + "\n")
    told = json.loads((directory / "behaviour.json").read_text() or "{}").get(name, {}).get(method, {})
    if "error" in told:
        raise RuntimeError(told["error"])
    return told


class Provider(dynamic.ResourceProvider):
    def configure(self, req: dynamic.ConfigureRequest) -> None:
        pass

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> dynamic.CheckResult:
        told = _told("check", news["tag"], olds=_olds, news=news)
        failures = [dynamic.CheckFailure(key, why) for key, why in told.get("failures", [])]
        return dynamic.CheckResult({**news, **told.get("defaults", {})}, failures)

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> dynamic.DiffResult:
        told = _told("diff", _news["tag"], id=_id, olds=_olds, news=_news)
        replaces = ["name"] if _shown(_olds.get("name")) != _shown(_news.get("name")) else []
        return dynamic.DiffResult(told.get("changes"), told.get("replaces", replaces), [], told.get("first"))

    def create(self, props: dict[str, Any]) -> dynamic.CreateResult:
        told = _told("create", props["tag"], props=props)
        return dynamic.CreateResult(
            f"id-{props['tag']}", {**props, "uid": f"{props['tag']}-uid", **told.get("outputs", {})}
        )

    def read(self, id_: str, props: dict[str, Any]) -> dynamic.ReadResult:
        told = _told("read", props["tag"], id=id_, props=props)
        if told.get("missing"):
            return dynamic.ReadResult(None, {})
        inputs = None
        if "inputs" in told:
            inputs = {key: value for key, value in props.items() if key != "uid"} | told["inputs"]
        return dynamic.ReadResult(id_, {**props, **told.get("outputs", {})}, inputs)

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> dynamic.UpdateResult:
        _told("update", _news["tag"], id=_id, olds=_olds, news=_news)
        return dynamic.UpdateResult({**_news, "uid": f"{_news['tag']}-uid"})

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        _told("delete", _props["tag"], id=_id, props=_props)


class Dyn(dynamic.Resource):
    uid: pulumi.Output[str]

    def __init__(self, resource: str, /, opts: pulumi.ResourceOptions | None = None, **props: Any) -> None:
        super().__init__(Provider(), resource, {"uid": None, "tag": resource, **props}, opts)
