# SPDX-License-Identifier: Apache-2.0
"""A service without a .proto, whose messages are bytes: grpc_server.py PORT.

Runs in a container. org.shop.Stock:
  Take    unary: gives back what it got
  Fail    unary: fails with the code that the message says
  List    a stream of as many answers as the message says
  Put     a stream of messages: how many there were
  Chat    gives each message back as it comes
  Wait    never answers
"""

import sys
import threading
from concurrent import futures

import grpc

CODES = {code.value[0]: code for code in grpc.StatusCode}


def take(request, context):
    return request


def fail(request, context):
    context.abort(CODES[int(request)], "as you wish")


def list_(request, context):
    for i in range(int(request)):
        yield str(i).encode()


def put(requests, context):
    return str(sum(1 for _ in requests)).encode()


def chat(requests, context):
    yield from requests


def wait(request, context):
    over = threading.Event()
    context.add_callback(over.set)
    over.wait()
    return b""


METHODS = {
    "Take": grpc.unary_unary_rpc_method_handler(take),
    "Fail": grpc.unary_unary_rpc_method_handler(fail),
    "List": grpc.unary_stream_rpc_method_handler(list_),
    "Put": grpc.stream_unary_rpc_method_handler(put),
    "Chat": grpc.stream_stream_rpc_method_handler(chat),
    "Wait": grpc.unary_unary_rpc_method_handler(wait),
}


def main(port):
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8),
                         options=[("grpc.max_receive_message_length", 4 << 20),
                                  ("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler("org.shop.Stock", METHODS),))
    server.add_insecure_port(f"0.0.0.0:{port}")
    server.start()
    server.wait_for_termination()


if __name__ == "__main__":
    main(int(sys.argv[1]))
