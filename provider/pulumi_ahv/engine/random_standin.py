"""A stand-in for the `random` provider, which is a plugin that Pulumi downloads.

Same tokens, property names and rules: everything an object is made from replaces it, nothing changes in place. Used
only where the real plugin is not found. It leaves out ``bcryptHash`` of passwords and imports; values from seeds differ
from the real plugin's.
"""

from __future__ import annotations

import base64
import random
import string
import uuid
from collections.abc import Callable
from typing import Any, Final

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2
from pulumi.runtime.proto import provider_pb2 as wire

from pulumi_ahv.engine.diffing import compare_inputs
from pulumi_ahv.engine.marking import plain_bag
from pulumi_ahv.engine.paths import parse
from pulumi_ahv.engine.values import Bag, SecretValue, from_struct, to_struct

_ADVERBS: Final = [
    "barely",
    "boldly",
    "calmly",
    "deeply",
    "early",
    "fairly",
    "freely",
    "gently",
    "gladly",
    "likely",
    "mainly",
    "mildly",
    "nearly",
    "newly",
]
_ADJECTIVES: Final = [
    "able",
    "brave",
    "calm",
    "clever",
    "eager",
    "fair",
    "fine",
    "glad",
    "kind",
    "lucid",
    "neat",
    "prime",
    "quick",
    "solid",
    "tidy",
    "vital",
    "warm",
]
_ANIMALS: Final = [
    "bass",
    "bear",
    "crab",
    "crow",
    "deer",
    "dove",
    "fawn",
    "goat",
    "hare",
    "ibex",
    "kite",
    "lark",
    "lynx",
    "mole",
    "newt",
    "orca",
    "owl",
    "pug",
    "seal",
    "wren",
]
_SPECIAL: Final = "!@#$%&*()-_=+[]{}<>:?"

_Maker = Callable[[Bag, random.Random], tuple[str, Bag]]


def _pet(inputs: Bag, source: random.Random) -> tuple[str, Bag]:
    length, separator = int(inputs.get("length", 2)), inputs.get("separator", "-")
    lists = [_ADVERBS] * max(0, length - 2) + [_ADJECTIVES, _ANIMALS][-length:]
    words = [inputs["prefix"]] if inputs.get("prefix") else []
    words += [source.choice(words_of) for words_of in lists]
    return separator.join(words), {"length": length, "separator": separator}


def _id(inputs: Bag, source: random.Random) -> tuple[str, Bag]:
    data = source.randbytes(int(inputs["byteLength"]))
    url = base64.urlsafe_b64encode(data).decode().rstrip("=")
    texts = {
        "b64Std": base64.b64encode(data).decode(),
        "b64Url": url,
        "dec": str(int.from_bytes(data, "big")),
        "hex": data.hex(),
    }
    return url, {key: inputs.get("prefix", "") + text for key, text in texts.items()}


def _characters(inputs: Bag, source: random.Random) -> str:
    digits = inputs.get("numeric", inputs.get("number", True))
    special = inputs.get("overrideSpecial") or _SPECIAL
    classes = [
        (string.ascii_uppercase, inputs.get("upper", True), inputs.get("minUpper", 0)),
        (string.ascii_lowercase, inputs.get("lower", True), inputs.get("minLower", 0)),
        (string.digits, digits, inputs.get("minNumeric", 0)),
        (special, inputs.get("special", True), inputs.get("minSpecial", 0)),
    ]
    chosen = [source.choice(alphabet) for alphabet, _, least in classes for _ in range(int(least))]
    alphabet = "".join(letters for letters, wanted, _ in classes if wanted)
    chosen += [source.choice(alphabet) for _ in range(int(inputs["length"]) - len(chosen))]
    source.shuffle(chosen)
    return "".join(chosen)


_TEXT_DEFAULTS: Final = {
    "lower": True,
    "upper": True,
    "special": True,
    "numeric": True,
    "number": True,
    "minLower": 0,
    "minUpper": 0,
    "minNumeric": 0,
    "minSpecial": 0,
}


def _string(inputs: Bag, source: random.Random) -> tuple[str, Bag]:
    text = _characters(inputs, source)
    return text, _TEXT_DEFAULTS | {"result": text}


def _password(inputs: Bag, source: random.Random) -> tuple[str, Bag]:
    return "none", _TEXT_DEFAULTS | {"result": SecretValue(_characters(inputs, source))}


def _integer(inputs: Bag, source: random.Random) -> tuple[str, Bag]:
    if "seed" in inputs:
        source = random.Random(inputs["seed"])  # noqa: S311 - a seed asks for what can be repeated
    number = source.randint(int(inputs["min"]), int(inputs["max"]))
    return str(number), {"result": number}


def _uuid(inputs: Bag, source: random.Random) -> tuple[str, Bag]:
    del inputs
    text = str(uuid.UUID(bytes=source.randbytes(16), version=4))
    return text, {"result": text}


def _shuffle(inputs: Bag, source: random.Random) -> tuple[str, Bag]:
    if "seed" in inputs:
        source = random.Random(inputs["seed"])  # noqa: S311 - a seed asks for what can be repeated
    items = list(inputs["inputs"])
    source.shuffle(items)
    count = int(inputs.get("resultCount", len(items)))
    while items and len(items) < count:
        items += items
    return "-", {"results": items[:count]}


_RESOURCES: Final[dict[str, tuple[_Maker, tuple[str, ...]]]] = {
    "random:index/randomPet:RandomPet": (_pet, ()),
    "random:index/randomId:RandomId": (_id, ("byteLength",)),
    "random:index/randomString:RandomString": (_string, ("length",)),
    "random:index/randomPassword:RandomPassword": (_password, ("length",)),
    "random:index/randomInteger:RandomInteger": (_integer, ("min", "max")),
    "random:index/randomUuid:RandomUuid": (_uuid, ()),
    "random:index/randomShuffle:RandomShuffle": (_shuffle, ("inputs",)),
}


class RandomStandIn:
    """Serves Pulumi's ResourceProvider protocol; its methods carry the protocol's names."""

    def __init__(self, source: random.Random | None = None) -> None:
        self._source = source or random.SystemRandom()

    def __getattr__(self, name: str) -> Any:
        """Find the method behind a name of the protocol: ``GetPluginInfo`` is ``_get_plugin_info``."""
        if not name[:1].isupper():
            raise AttributeError(name)
        snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
        return object.__getattribute__(self, snake)

    def _handshake(self, request: Any, context: Any) -> wire.ProviderHandshakeResponse:
        del request, context
        return wire.ProviderHandshakeResponse(accept_secrets=True)

    def _get_plugin_info(self, request: Any, context: Any) -> plugin_pb2.PluginInfo:
        del request, context
        return plugin_pb2.PluginInfo(version="0.0.0")

    def _configure(self, request: Any, context: Any) -> wire.ConfigureResponse:
        del request, context
        return wire.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def _check(self, request: wire.CheckRequest, context: Any) -> wire.CheckResponse:
        if request.type not in _RESOURCES:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"the stand-in for random does not know {request.type}")
        needed = _RESOURCES[request.type][1]
        failures = [
            wire.CheckFailure(property=key, reason="Missing required property")
            for key in needed
            if key not in request.news.fields
        ]
        return wire.CheckResponse(inputs=request.news, failures=failures)

    def _diff(self, request: wire.DiffRequest, context: Any) -> wire.DiffResponse:
        del context
        changed = compare_inputs(from_struct(request.old_inputs), from_struct(request.news))
        keys = sorted({str(parse(path)[0]) for path in changed})
        changes = wire.DiffResponse.DIFF_SOME if keys else wire.DiffResponse.DIFF_NONE
        return wire.DiffResponse(changes=changes, diffs=keys, replaces=keys)

    def _create(self, request: wire.CreateRequest, context: Any) -> wire.CreateResponse:
        del context
        inputs = from_struct(request.properties)
        if request.preview:
            return wire.CreateResponse(properties=request.properties)
        id_, made = _RESOURCES[request.type][0](plain_bag(inputs), self._source)
        return wire.CreateResponse(id=id_, properties=to_struct({**made, **inputs, "id": id_}))

    def _read(self, request: wire.ReadRequest, context: Any) -> wire.ReadResponse:
        if not request.HasField("properties"):
            context.abort(grpc.StatusCode.UNIMPLEMENTED, "the stand-in for random imports nothing")
        return wire.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)

    def _delete(self, request: Any, context: Any) -> empty_pb2.Empty:
        del request, context
        return empty_pb2.Empty()

    def _cancel(self, request: Any, context: Any) -> empty_pb2.Empty:
        del request, context
        return empty_pb2.Empty()
