"""A provider that does what a file tells it and writes down every call: the same one for every engine.

Run as ``actor.py ENGINE`` it is a plugin executable; imported, ``Actor`` is a servicer for engines in this process. The
directory of its files comes from ``ACTOR_DIR``: ``behaviour.json`` is read at each call, ``calls.jsonl`` is appended to,
``ids.json`` counts the objects made of each name.

Behaviour: {resource name or "provider": {method: {...}}}. What is not told follows simple rules: Check takes what it gets,
Diff compares inputs and replaces for ``name``, Create adds ``uid``, Read echoes.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from concurrent import futures
from pathlib import Path
from typing import Any, NoReturn

import grpc
from google.protobuf import any_pb2, empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"
_LOCK = threading.Lock()


def plain(struct: struct_pb2.Struct) -> dict[str, Any]:
    return json_format.MessageToDict(struct)


def bare(value: Any) -> Any:
    if isinstance(value, dict):
        return (
            bare(value["value"]) if value.get(SIGNATURE) == SECRET else {key: bare(item) for key, item in value.items()}
        )
    return [bare(item) for item in value] if isinstance(value, list) else value


def struct(bag: dict[str, Any]) -> struct_pb2.Struct:
    return json_format.ParseDict(bag, struct_pb2.Struct())


class Actor(provider_pb2_grpc.ResourceProviderServicer):
    def __init__(self) -> None:
        self._directory = Path(os.environ["ACTOR_DIR"])

    def _told(self, method: str, request: Any, *, subject: str | None = None) -> dict[str, Any]:
        call = {"method": method, **json_format.MessageToDict(request, preserving_proto_field_name=True)}
        name = subject or getattr(request, "name", "")
        with _LOCK:
            with (self._directory / "calls.jsonl").open("a") as file:
                file.write(json.dumps(call) + "\n")
            behaviour = json.loads((self._directory / "behaviour.json").read_text() or "{}")
        told: dict[str, Any] = behaviour.get(name, {}).get(method, {})
        if "stall" in told:
            self._stall(told["stall"])
        return told

    @staticmethod
    def _stall(pipes: dict[str, str]) -> None:
        """Say who we are on one pipe, which stays open for as long as we live; wait for a line on another."""
        os.write(os.open(pipes["say"], os.O_WRONLY), f"{os.getpid()}\n".encode())
        with Path(pipes["wait"]).open() as pipe:
            pipe.readline()

    @staticmethod
    def _fail(told: dict[str, Any], context: Any) -> None:
        if "error" in told:
            context.abort(grpc.StatusCode[told.get("code", "UNKNOWN")], told["error"])

    @staticmethod
    def _ill(context: Any, reasons: list[str], **fields: Any) -> NoReturn:
        detail = any_pb2.Any()
        detail.Pack(provider_pb2.ErrorResourceInitFailed(reasons=reasons, **fields))
        status = status_pb2.Status(code=2, message="not well", details=[detail])
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
        context.abort(grpc.StatusCode.UNKNOWN, "not well")
        raise AssertionError

    def Handshake(self, _request: Any, _context: Any) -> Any:
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, accept_resources=False)

    def GetPluginInfo(self, _request: Any, _context: Any) -> Any:
        return plugin_pb2.PluginInfo(version="1.0.0")

    def Cancel(self, _request: Any, _context: Any) -> Any:
        return empty_pb2.Empty()

    def CheckConfig(self, request: Any, context: Any) -> Any:
        self._fail(self._told("CheckConfig", request, subject="provider"), context)
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, _context: Any) -> Any:
        told = self._told("DiffConfig", request, subject="provider")
        if "replaces" in told:
            return provider_pb2.DiffResponse(changes=2, replaces=told["replaces"])
        return provider_pb2.DiffResponse(changes=0)

    def Configure(self, request: Any, context: Any) -> Any:
        self._fail(self._told("Configure", request, subject="provider"), context)
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True, acceptResources=False)

    def Check(self, request: Any, context: Any) -> Any:
        told = self._told("Check", request)
        self._fail(told, context)
        failures = [provider_pb2.CheckFailure(property=key, reason=why) for key, why in told.get("failures", [])]
        inputs = struct({**plain(request.news), **told.get("defaults", {})})
        return provider_pb2.CheckResponse(inputs=inputs, failures=failures)

    def Diff(self, request: Any, context: Any) -> Any:
        told = self._told("Diff", request)
        self._fail(told, context)
        olds, news = bare(plain(request.old_inputs)), bare(plain(request.news))
        changed = sorted(key for key in {**olds, **news} if olds.get(key) != news.get(key))
        if told.get("changes") == "unknown":
            return provider_pb2.DiffResponse(
                changes=0, replaces=told.get("replaces", []), deleteBeforeReplace=told.get("first", False)
            )
        replaces = told.get("replaces", [key for key in changed if key == "name"])
        answer = provider_pb2.DiffResponse(
            changes=2 if changed or told.get("changes") == "some" else 1,
            diffs=[] if told.get("silent") else changed,
            replaces=replaces,
            deleteBeforeReplace=told.get("first", False),
        )
        if told.get("detailed"):
            answer.hasDetailedDiff = True
            for path in told["detailed"]:
                answer.detailedDiff[path].kind = 4
        return answer

    def Create(self, request: Any, context: Any) -> Any:
        told = self._told("Create", request)
        self._fail(told, context)
        inputs = plain(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(properties=request.properties)
        id_ = self._new_id(request.name)
        outputs = struct({**inputs, "uid": f"{id_}-uid", **told.get("outputs", {})})
        if "init" in told:
            self._ill(context, told["init"], id=id_, properties=outputs)
        return provider_pb2.CreateResponse(id=id_, properties=outputs)

    def Update(self, request: Any, context: Any) -> Any:
        told = self._told("Update", request)
        self._fail(told, context)
        outputs = struct({**plain(request.news), "uid": f"{request.id}-uid"})
        if "init" in told:
            self._ill(context, told["init"], id=request.id, properties=outputs)
        return provider_pb2.UpdateResponse(properties=outputs)

    def Read(self, request: Any, context: Any) -> Any:
        told = self._told("Read", request)
        self._fail(told, context)
        if told.get("missing"):
            return provider_pb2.ReadResponse()
        state = {**plain(request.properties), **told.get("outputs", {})}
        fields: dict[str, Any] = {"id": request.id, "properties": struct(state)}
        if "inputs" in told:
            fields["inputs"] = struct({**plain(request.inputs), **told["inputs"]})
        if "init" in told:
            self._ill(context, told["init"], **fields)
        return provider_pb2.ReadResponse(**fields)

    def Delete(self, request: Any, context: Any) -> Any:
        self._fail(self._told("Delete", request), context)
        return empty_pb2.Empty()

    def Invoke(self, request: Any, context: Any) -> Any:
        self._fail(self._told("Invoke", request, subject=request.tok), context)
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(struct({"echo": plain(request.args)}))
        return response

    def _new_id(self, name: str) -> str:
        path = self._directory / "ids.json"
        with _LOCK:
            counts = json.loads(path.read_text()) if path.exists() else {}
            counts[name] = counts.get(name, 0) + 1
            path.write_text(json.dumps(counts))
        return f"{name}-{counts[name]}"


def main() -> None:
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Actor(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    try:
        server.wait_for_termination()
    except KeyboardInterrupt:
        server.stop(0)


if __name__ == "__main__":
    sys.exit(main())
