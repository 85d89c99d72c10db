# SPDX-License-Identifier: Apache-2.0
"""CQL in exact numbers: cassandra_requests.py ADDRESS PORT VERSION MODE...

Runs in a container. Prints what was asked and how it ended, as JSON: [[operation, outcome, count]].
What the driver asks by itself is counted where it leaves it.
"""

import collections
import json
import os
import re
import sys
import threading

from cassandra import InvalidRequest
from cassandra.cluster import Cluster
from cassandra.concurrent import execute_concurrent_with_args
from cassandra.connection import Connection
from cassandra.protocol import (BatchMessage, ErrorMessage, ExecuteMessage, OptionsMessage,
                                PrepareMessage, QueryMessage, RegisterMessage, StartupMessage,
                                SyntaxException)
from cassandra.query import BatchStatement, SimpleStatement

HERE = os.path.dirname(os.path.abspath(__file__))
NAMES = {OptionsMessage: "OPTIONS", StartupMessage: "STARTUP", RegisterMessage: "REGISTER",
         BatchMessage: "BATCH"}
INSERT = "INSERT INTO shop.orders (id, name) VALUES (?, ?)"
SELECT = "SELECT name FROM shop.orders WHERE id = ?"
BIG = 1 << 20

asked = collections.Counter()
lock = threading.Lock()
prepared = {}  # Id -> operation


def operation_of(query):
    words = query.split()
    verb = words[0].upper()
    table = {"SELECT": r"\bFROM\s+(\S+)", "INSERT": r"\bINTO\s+(\S+)",
             "CREATE": r"\bTABLE\s+(\S+)"}.get(verb)
    found = table and re.search(table, query, re.IGNORECASE)
    return f"{verb} {found.group(1)}" if found else verb


def name_of(message):
    if isinstance(message, QueryMessage):
        return operation_of(message.query)
    if isinstance(message, PrepareMessage):
        return f"PREPARE {operation_of(message.query)}"
    if isinstance(message, ExecuteMessage):
        return prepared[message.query_id]
    return NAMES[type(message)]


def count_requests():
    """From here on each request that the driver sends is counted once it is answered."""
    send = Connection.send_msg

    def counted(self, msg, request_id, cb, *arguments, **named):
        def answered(response):
            outcome = "failed" if isinstance(response, ErrorMessage) else "ok"
            if isinstance(msg, PrepareMessage):
                prepared[response.query_id] = operation_of(msg.query)
            with lock:
                asked[name_of(msg), outcome] += 1
            return cb(response)

        return send(self, msg, request_id, answered, *arguments, **named)

    Connection.send_msg = counted


def connect(address, port, version):
    cluster = Cluster([address], port=port, protocol_version=version, compression=False,
                      idle_heartbeat_interval=0, schema_metadata_enabled=False,
                      token_metadata_enabled=False, monitor_reporting_enabled=False)
    session = cluster.connect()
    session.default_timeout = 30
    return cluster, session


def create(session):
    session.execute("CREATE KEYSPACE shop WITH replication = "
                    "{'class': 'SimpleStrategy', 'replication_factor': 1}")
    session.execute("CREATE TABLE shop.orders (id int PRIMARY KEY, name text)")


def simple(session):
    for i in range(50):
        session.execute(f"INSERT INTO shop.orders (id, name) VALUES ({i}, 'secret')")
    for i in range(50):
        check(len(list(session.execute("SELECT name FROM shop.orders WHERE id = %s", (i,)))) == 1)
    statement = SimpleStatement("SELECT * FROM shop.orders", fetch_size=10)
    check(len(list(session.execute(statement))) >= 50)  # In pages, each of them a request.


def by_preparing(session):
    insert, select = session.prepare(INSERT), session.prepare(SELECT)
    for i in range(50):
        session.execute(insert, (i, "prepared"))
    for done in execute_concurrent_with_args(session, select, [(i % 50,) for i in range(300)], 64):
        check(done.success)


def in_batches(session):
    insert = session.prepare(INSERT)
    for i in range(10):
        batch = BatchStatement()
        for j in range(5):
            batch.add(insert, (100 + j, "batch"))
        batch.add(SimpleStatement(f"INSERT INTO shop.orders (id, name) VALUES ({i}, 'b')"))
        session.execute(batch)


def failing(session):
    for _ in range(7):
        expect(InvalidRequest, session, "SELECT * FROM shop.nothing")
    for _ in range(5):
        expect(SyntaxException, session, "SELECT FROM WHERE")


def big(session):
    insert, select = session.prepare(INSERT), session.prepare(SELECT)
    for i in range(3):
        session.execute(insert, (1000 + i, "b" * BIG))
        check(len(session.execute(select, (1000 + i,)).one().name) == BIG)
    session.execute(f"INSERT INTO shop.orders (id, name) VALUES (1000, '{'c' * BIG}')")


def few(session):
    """Little enough to be cut at every byte."""
    insert = session.prepare(INSERT)
    for i in range(10):
        session.execute(insert, (i, "prepared"))
    session.execute("SELECT * FROM shop.orders LIMIT 3")
    expect(InvalidRequest, session, "SELECT * FROM shop.nothing")


def ready(session):
    session.execute("SELECT release_version FROM system.local")


def midstream(session):
    """What is said before the fifo `go` is written to is not among what was asked."""
    select = session.prepare(SELECT)
    version = session.cluster.protocol_version
    with open(os.path.join(HERE, f"ready-{version}"), "w"):
        pass
    with open(os.path.join(HERE, f"go-{version}")) as fifo:
        fifo.read()
    for i in range(20):
        session.execute(select, (i,))
        session.execute("SELECT * FROM shop.orders LIMIT 1")
    with open(os.path.join(HERE, f"done-{version}"), "w"):
        pass


def expect(error, session, query):
    try:
        session.execute(query)
    except error:
        return
    except ErrorMessage as other:
        if isinstance(other, error):
            return
        raise
    raise SystemExit(f"cassandra_requests: no error for {query}")


def check(holds):
    if not holds:
        raise SystemExit("cassandra_requests: not as expected")


MODES = {x.__name__: x for x in (create, simple, by_preparing, in_batches, failing, big, few,
                                 ready, midstream)}

if __name__ == "__main__":
    count_requests()
    for mode in sys.argv[4:]:
        cluster, session = connect(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
        MODES[mode](session)
        cluster.shutdown()
    print(json.dumps([[*key, count] for key, count in asked.items()]))
