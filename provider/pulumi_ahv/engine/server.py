"""The services on a loopback port, for programs and providers in processes of their own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent import futures
from typing import Any, Final

import grpc
from google.protobuf import message_factory
from google.protobuf.descriptor import ServiceDescriptor
from pulumi.runtime.proto import engine_pb2, resource_pb2

from pulumi_ahv.engine.services import Direct

_THREADS: Final = 256  # each waiting registration holds one; the SDK itself never sends as many
_LIMITS: Final = [("grpc.max_receive_message_length", 400 << 20), ("grpc.max_send_message_length", 400 << 20)]


class Server:
    """Serves Engine, and ResourceMonitor where there is a program."""

    def __init__(self, engine: object, monitor: object | None = None) -> None:
        self._server = grpc.server(futures.ThreadPoolExecutor(max_workers=_THREADS), options=_LIMITS)
        handlers = [_handler(engine_pb2.DESCRIPTOR.services_by_name["Engine"], engine)]
        if monitor is not None:
            handlers.append(_handler(resource_pb2.DESCRIPTOR.services_by_name["ResourceMonitor"], monitor))
        self._server.add_generic_rpc_handlers(handlers)
        port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()
        self.address = f"127.0.0.1:{port}"

    def close(self) -> None:
        """Stop serving; open calls are broken off."""
        self._server.stop(0).wait(2)


def _handler(service: ServiceDescriptor, target: object) -> Any:
    methods: dict[str, Any] = {}
    direct = Direct(target)
    for method in service.methods:
        methods[method.name] = grpc.unary_unary_rpc_method_handler(
            _answering(getattr(direct, method.name)),
            request_deserializer=message_factory.GetMessageClass(method.input_type).FromString,
            response_serializer=message_factory.GetMessageClass(method.output_type).SerializeToString,
        )
    return grpc.method_handlers_generic_handler(service.full_name, methods)


def _answering(function: Callable[[Any], Any]) -> Callable[[Any, grpc.ServicerContext], Any]:
    def answer(request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return function(request)
        except grpc.RpcError as error:
            code, details = getattr(error, "code", None), getattr(error, "details", None)
            context.abort(code() if code else grpc.StatusCode.UNKNOWN, details() if details else str(error))

    return answer
