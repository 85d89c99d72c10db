# SPDX-License-Identifier: Apache-2.0
"""Requests to a Kafka broker in exact numbers: kafka_requests.py ADDRESS PORT MODE...

Runs in a container. Prints what was asked and how it ended, as JSON: [[operation, outcome, count]].
What kafka-python asks by itself is counted where it leaves it; so are the codes in the answers.
"""

import collections
import json
import socket
import sys

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic
from kafka.conn import BrokerConnection
from kafka.protocol.fetch import FetchRequest
from kafka.protocol.metadata import MetadataRequest
from kafka.protocol.offset import OffsetRequest
from kafka.protocol.produce import ProduceRequest
from kafka.protocol.types import Array, Schema
from kafka.record import MemoryRecordsBuilder

NAMES = {0: "Produce", 1: "Fetch", 2: "ListOffsets", 3: "Metadata", 18: "ApiVersions",
         19: "CreateTopics", 20: "DeleteTopics"}
TOPIC, NOTHING = "orders", "nothing"
BIG = 1 << 20
MORE = 60000  # Nothing is answered for want of records.
VERSION = (2, 0, 0)

asked = collections.Counter()


def operation_of(request):
    name = NAMES[request.API_KEY]
    fields = request.to_object()
    topics = fields.get("topics") or fields.get("create_topic_requests")
    if not topics or request.API_KEY == 20:
        return name
    return f"{name} {topics[0]['topic'] if isinstance(topics[0], dict) else topics[0]}"


def has_error(schema, values):
    """Whether a code of these fields, or of what is in them, says so."""
    for name, kind, value in zip(schema.names, schema.fields, values):
        if name == "error_code" and value != 0:
            return True
        if isinstance(kind, Array) and isinstance(kind.array_of, Schema):
            if any(has_error(kind.array_of, x) for x in value or ()):
                return True
    return False


def count_requests():
    """From here on each request that kafka-python sends is counted once it is answered."""
    send = BrokerConnection._send

    def counted(self, request, blocking=True):
        operation = operation_of(request)
        answer = send(self, request, blocking)

        def answered(response):
            if response is None:
                outcome = "unknown"  # acks=0
            else:
                values = [response.get_item(x) for x in response.SCHEMA.names]
                outcome = "failed" if has_error(response.SCHEMA, values) else "ok"
            asked[operation, outcome] += 1

        return answer.add_callback(answered)

    BrokerConnection._send = counted


class Broker:
    """One connection, without anything that is asked behind our back."""

    def __init__(self, address, port):
        self.connection = BrokerConnection(address, port, socket.AF_INET, api_version=VERSION,
                                           client_id="by hand",
                                           max_in_flight_requests_per_connection=1000)
        if not self.connection.connect_blocking(20):
            raise SystemExit("kafka_requests: no connection")

    def ask(self, *requests):
        """All are sent before the first answer is read."""
        pending = [self.connection.send(x) for x in requests]
        while not all(x.is_done for x in pending):
            for response, future in self.connection.recv():
                future.success(response)
        for x in pending:
            if x.failed():
                raise SystemExit(f"kafka_requests: {x.exception}")

    def close(self):
        self.connection.close()


def records(size):
    builder = MemoryRecordsBuilder(2, 0, 4 << 20)
    builder.append(timestamp=1, key=b"key", value=b"x" * size)
    builder.close()
    return builder.buffer()


def produce(version, size=5, acks=1, topic=TOPIC):
    what = [(topic, [(0, records(size))])]
    if version < 3:
        return ProduceRequest[version](acks, 5000, what)
    return ProduceRequest[version](None, acks, 5000, what)


def fetch(version, topic=TOPIC, offset=0, most=4 << 20):
    if version < 4:
        return FetchRequest[version](-1, 100, 1, most, [(topic, [(0, offset, most)])])
    return FetchRequest[version](-1, 100, 1, most, 0, 0, -1,
                                 [(topic, [(0, -1, offset, -1, most)])], [], "")


def metadata(version, *topics):
    return MetadataRequest[version](list(topics), False) if version >= 4 else \
        MetadataRequest[version](list(topics))


def by_hand(address, port):
    """Versions, acknowledgements, errors."""
    broker = Broker(address, port)
    for version in (3, 7, 8):
        for acks in (1, -1):
            for _ in range(5):
                broker.ask(produce(version, acks=acks))
    broker.ask(*[produce(7, acks=0) for _ in range(6)])
    broker.ask(produce(7, BIG), produce(7, BIG))
    for version in (3, 11):
        for _ in range(5):
            broker.ask(fetch(version))
    broker.ask(fetch(11, offset=10**6))  # Out of range.
    broker.ask(produce(7, topic=NOTHING), fetch(11, topic=NOTHING), fetch(3, topic=NOTHING))
    for version in (1, 5):
        broker.ask(metadata(version, TOPIC), metadata(version), metadata(5, NOTHING))
    broker.ask(*[OffsetRequest[1](-1, [(topic, [(0, -1)])]) for topic in (TOPIC, NOTHING)])
    broker.close()


def pipelined(address, port):
    broker = Broker(address, port)
    for _ in range(4):
        broker.ask(*[produce(7) for _ in range(25)])
        broker.ask(*[metadata(5, x) for x in [TOPIC, NOTHING] * 10])
    broker.close()


def few(address, port):
    """Little enough to be cut at every byte."""
    broker = Broker(address, port)
    broker.ask(*[produce(7) for _ in range(10)])
    broker.ask(produce(7, acks=0))
    broker.ask(produce(7, topic=NOTHING))
    broker.ask(fetch(11, most=2000), metadata(5, TOPIC), metadata(5, NOTHING))
    broker.close()


def client(address, port):
    """As programs use it: an administrator, producers, a consumer."""
    at = {"bootstrap_servers": f"{address}:{port}"}
    admin = KafkaAdminClient(**at)
    admin.create_topics([NewTopic("bills", 1, 1)])
    admin.delete_topics(["bills"])
    admin.close()
    for acks in (0, 1, "all"):
        producer = KafkaProducer(**at, acks=acks, linger_ms=0)
        for i in range(20):
            producer.send(TOPIC, b"%d" % i).get(20)
        producer.close()
    consumer = KafkaConsumer(**at, fetch_max_wait_ms=MORE, request_timeout_ms=2 * MORE,
                             consumer_timeout_ms=20000, connections_max_idle_ms=3 * MORE)
    partition = TopicPartition(TOPIC, 0)
    consumer.assign([partition])
    consumer.seek_to_beginning()
    left = consumer.end_offsets([partition])[partition]
    for _ in consumer:
        left -= 1
        if left == 0:
            break
    consumer.close()


def ready(address, port):
    broker = Broker(address, port)
    broker.ask(metadata(5))
    broker.close()


def create(address, port):
    admin = KafkaAdminClient(bootstrap_servers=f"{address}:{port}")
    admin.create_topics([NewTopic(TOPIC, 1, 1)])
    admin.close()


MODES = {x.__name__: x for x in (by_hand, pipelined, few, client, ready, create)}

if __name__ == "__main__":
    count_requests()
    for mode in sys.argv[3:]:
        MODES[mode](sys.argv[1], int(sys.argv[2]))
    print(json.dumps([[*key, count] for key, count in asked.items()]))
