# SPDX-License-Identifier: Apache-2.0
"""Calls in exact numbers: grpc_client.py ADDRESS KIND:COUNT[:ARGUMENT]...

Runs in a container. Each kind has a connection of its own. Fails unless every call ended as its
kind says.
"""

import sys
import threading

import grpc

SERVICE = "/org.shop.Stock/"
BIG = 1 << 20


def connect(address):
    return grpc.insecure_channel(address, options=[
        ("grpc.max_receive_message_length", 4 << 20), ("grpc.use_local_subchannel_pool", 1),
        ("grpc.enable_retries", 0)])


def take(channel, count, size="5"):
    """Unary calls one after the other, with messages of `size` bytes each way."""
    call = channel.unary_unary(SERVICE + "Take")
    message = b"x" * int(size)
    for _ in range(count):
        check(call(message, timeout=20) == message, "Take")


def at_once(channel, count, _=None):
    """Unary calls that are all made before the first answer is looked at."""
    call = channel.unary_unary(SERVICE + "Take")
    pending = [call.future(str(i).encode(), timeout=20) for i in range(count)]
    for i, x in enumerate(pending):
        check(x.result() == str(i).encode(), "Take at once")


def threads(channel, count, _=None):
    """Eight threads on one connection."""
    failed = []

    def one():
        try:
            take(channel, count)
        except BaseException as error:  # Told by the main thread.
            failed.append(error)

    started = [threading.Thread(target=one) for _ in range(8)]
    for x in started:
        x.start()
    for x in started:
        x.join()
    check(not failed, failed)


def fail(channel, count, code):
    """Unary calls that the service fails with this code."""
    expect_code(channel.unary_unary(SERVICE + "Fail"), count, int(code), code.encode())


def missing(channel, count, _=None):
    """Calls of a method that is not there."""
    expect_code(channel.unary_unary(SERVICE + "Nothing"), count, 12, b"")


def expect_code(call, count, code, message):
    for _ in range(count):
        try:
            call(message, timeout=20)
        except grpc.RpcError as error:
            check(error.code().value[0] == code, error)
        else:
            raise SystemExit("grpc_client: no error")


def list_(channel, count, answers):
    call = channel.unary_stream(SERVICE + "List")
    for _ in range(count):
        check(len(list(call(answers.encode(), timeout=20))) == int(answers), "List")


def put(channel, count, messages):
    call = channel.stream_unary(SERVICE + "Put")
    for _ in range(count):
        answer = call((b"x" for _ in range(int(messages))), timeout=20)
        check(answer == messages.encode(), "Put")


def chat(channel, count, messages):
    call = channel.stream_stream(SERVICE + "Chat")
    for _ in range(count):
        answers = list(call((b"x" for _ in range(int(messages))), timeout=20))
        check(answers == [b"x"] * int(messages), "Chat")


def cancel(channel, count, _=None):
    """Calls that are given up while the service has not answered. A second call on the same
    connection was answered before that: the first one is at the service."""
    wait = channel.unary_unary(SERVICE + "Wait")
    other = channel.unary_unary(SERVICE + "Take")
    for _ in range(count):
        pending = wait.future(b"x", timeout=20)
        other(b"x", timeout=20)
        check(pending.cancel(), "cancel")


def check(holds, what):
    if not holds:
        raise SystemExit(f"grpc_client: {what}")


KINDS = {"take": take, "at_once": at_once, "threads": threads, "fail": fail, "missing": missing,
         "list": list_, "put": put, "chat": chat, "cancel": cancel}

if __name__ == "__main__":
    for said in sys.argv[2:]:
        kind, count, *argument = said.split(":")
        with connect(sys.argv[1]) as opened:
            KINDS[kind](opened, int(count), *argument)
