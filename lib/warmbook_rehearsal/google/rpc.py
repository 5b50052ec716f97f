"""The gRPC face: Storage Control and its operations, for whoever sends the reader's token."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc
from google.longrunning import operations_pb2
from grpc_status import rpc_status

from ..access import ANONYMOUS, Caller, Callers
from ..request_faults import Incoming, RequestFaults
from .errors import GoogleError, unauthenticated
from .storage_control import SERVICE, StorageControl

_OPERATIONS = "google.longrunning.Operations"


def server(
    control: StorageControl, callers: Callers, request_faults: RequestFaults | None = None
) -> grpc.aio.Server:
    """Make the server; it has no port yet. Call it inside the loop that will run it."""
    made = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    met = request_faults or RequestFaults()
    methods = {
        name: _method(name, request, answer, control, callers, met)
        for name, (request, answer) in control.methods().items()
    }
    asked = operations_pb2.GetOperationRequest
    get = _method("GetOperation", asked, control.operation, control, callers, met)
    made.add_generic_rpc_handlers(
        (
            grpc.method_handlers_generic_handler(SERVICE, methods),
            grpc.method_handlers_generic_handler(_OPERATIONS, {"GetOperation": get}),
        )
    )
    return made


def _method(
    name: str,
    request: Any,
    answer: Callable[[Any], Any],
    control: StorageControl,
    callers: Callers,
    request_faults: RequestFaults,
) -> grpc.RpcMethodHandler[Any, Any]:
    incoming = Incoming("caches", "POST", name)

    async def call(message: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
        try:
            caller = _authenticate(context, callers)
            await request_faults.meet(incoming)
            control.require(name, message, caller)
            answered = answer(message)
            await request_faults.leave(incoming)
            return answered
        except GoogleError as error:
            await context.abort_with_status(rpc_status.to_status(error.status()))

    return grpc.unary_unary_rpc_method_handler(
        call,
        request_deserializer=getattr(request, "deserialize", None) or request.FromString,
        response_serializer=_serialize,
    )


def _authenticate(context: Any, callers: Callers) -> Caller:
    authorization = dict(context.invocation_metadata() or ()).get("authorization")
    caller = callers.of(authorization, "")
    if caller == ANONYMOUS:
        raise unauthenticated(sent=authorization is not None)
    return caller


def _serialize(message: Any) -> bytes:
    proto = type(message).pb(message) if hasattr(type(message), "wrap") else message
    serialized: bytes = proto.SerializeToString()
    return serialized
