# SPDX-License-Identifier: Apache-2.0
"""Queries for PostgreSQL in exact numbers: postgres_requests.py ADDRESS PORT MODE...

Runs in a container. A mode is NAME or NAME=COUNT. Fails unless every answer is what it must be.
psycopg2 speaks the simple protocol, psycopg the extended one.
"""

import io
import select

import psycopg
import psycopg2
import psycopg2.extensions

from modes import at_once, check, fail, run

BIG = "b" * (1 << 20)


def simple_client(address, **options):
    client = psycopg2.connect(host=address[0], port=address[1], dbname="postgres", user="test",
                              password="secret", connect_timeout=20, **options)
    if not options:
        client.autocommit = True
    return client


def extended_client(address):
    return psycopg.connect(host=address[0], port=address[1], dbname="postgres", user="test",
                           password="secret", autocommit=True)


def fails(sqlstate, call, *arguments):
    try:
        call(*arguments)
    except (psycopg2.Error, psycopg.Error) as error:
        return check(getattr(error, "pgcode", None) or error.sqlstate, sqlstate)
    fail(f"{arguments} did not fail")


def simple(address, count):
    client = simple_client(address)
    with client.cursor() as cursor:
        for i in range(count):
            cursor.execute("INSERT INTO orders VALUES (%s, 'x')", (i,))
            cursor.execute("SELECT id FROM orders WHERE id = %s", (i,))
            check(cursor.fetchone(), (i,))
            cursor.execute("DELETE FROM orders WHERE id = %s", (i,))
            cursor.execute("SELECT 1; SELECT 2 FROM orders")  # One request.
            fails("22012", cursor.execute, "SELECT 1 / (id - id) FROM one")
            fails("42P01", cursor.execute, "UPDATE nothing SET id = 1")
    client.close()


def transactions(address, count):
    """A unique key that is checked at COMMIT: that is what fails."""
    client = simple_client(address)
    client.autocommit = False
    with client.cursor() as cursor:
        for _ in range(count):
            cursor.execute("INSERT INTO late VALUES (1)")
            client.rollback()
            cursor.execute("INSERT INTO late VALUES (1)")
            cursor.execute("INSERT INTO late VALUES (1)")
            fails("23505", client.commit)
    client.close()


def copied(address, count):
    """Into a table, out of it; and both with an error."""
    client = simple_client(address)
    rows = "".join(f"{i}\t{'x' * 100}\n" for i in range(10000))
    with client.cursor() as cursor:
        for _ in range(count):
            cursor.copy_expert("COPY copies FROM STDIN", io.StringIO(rows))
            out = io.StringIO()
            cursor.copy_expert("COPY copies TO STDOUT", out)
            check(out.getvalue(), rows)
            cursor.execute("TRUNCATE copies")
            fails("22P02", cursor.copy_expert, "COPY copies FROM STDIN", io.StringIO("no\tx\n"))
            fails("22012", cursor.copy_expert,
                  "COPY (SELECT 1 / (500 - i) FROM generate_series(1, 1000) i) TO STDOUT", out)
            fails("57014", cursor.copy_expert, "COPY copies FROM STDIN", FailingFile())
    client.close()


class FailingFile:
    """A COPY that the client gives up in its midst."""

    def __init__(self):
        self.reads = 0

    def read(self, _):
        self.reads += 1
        if self.reads > 2:
            raise RuntimeError("no more")
        return f"{self.reads}\tx\n" * 100


def extended(address, count):
    """Parsed, bound and executed one by one; prepared by name from the fifth time on."""
    with extended_client(address) as client:
        for i in range(count):
            check(client.execute("SELECT %s::int FROM one", (i,)).fetchone(), (i,))
            fails("22012", client.execute, "SELECT 1 / (id - %s) FROM one", (1,))
            fails("42601", client.execute, "SELEKT %s", (1,))  # By its Parse: nothing is executed.
            check(client.execute("SELECT id FROM one", prepare=True).fetchone(), (1,))


def pipelined(address, count):
    """libpq's pipeline mode: all requests in one send; what comes behind an error is not done."""
    with extended_client(address) as client:
        for i in range(count):
            with client.pipeline():
                cursors = [client.execute("SELECT %s::int FROM one", (x,)) for x in range(5)]
            check([x.fetchone() for x in cursors], [(x,) for x in range(5)])
            fails("22012", broken_pipeline, client)


def broken_pipeline(client):
    with client.pipeline():
        client.execute("INSERT INTO piped VALUES (%s)", (1,))
        client.execute("SELECT 1 / (id - %s) FROM one", (1,))
        client.execute("DELETE FROM piped WHERE id = %s", (1,))


def concurrent(address, count):
    """Eight connections at once."""
    def one(number):
        client = simple_client(address)
        with client.cursor() as cursor:
            for _ in range(count):
                cursor.execute("SELECT id FROM one")
        client.close()

    at_once(one)


def big(address, count):
    """A query of 1 MiB, an answer of 1 MiB; many rows."""
    client = simple_client(address)
    with extended_client(address) as other, client.cursor() as cursor:
        for _ in range(count):
            cursor.execute("INSERT INTO bodies VALUES (%s)", (BIG,))
            cursor.execute("SELECT body FROM bodies")
            check(cursor.fetchone(), (BIG,))
            check(len(other.execute("SELECT x FROM many").fetchall()), 20000)
            cursor.execute("TRUNCATE bodies")
    client.close()


def large_parameters(address, count):
    """Of 1 MiB; the message that executes is behind it in one send."""
    with extended_client(address) as client:
        for _ in range(count):
            check(client.execute("SELECT length(%s)", (BIG,)).fetchone(), (len(BIG),))


def cancelled(address, count):
    """On a connection of its own, once the query has begun."""
    client = simple_client(address, async_=1)
    wait(client)
    cursor = client.cursor()
    for _ in range(count):
        client.notices.clear()
        cursor.execute("DO $$ BEGIN RAISE NOTICE 'begun'; PERFORM pg_sleep(60); END $$")
        while not client.notices:
            client.poll()
            select.select([client.fileno()], [], [], 1)
        client.cancel()
        fails("57014", wait, client)
    client.close()


def wait(client):
    while (state := client.poll()) != psycopg2.extensions.POLL_OK:
        ends = [client.fileno()]
        if state == psycopg2.extensions.POLL_READ:
            select.select(ends, [], [], 20)
        else:
            select.select([], ends, [], 20)


def notified(address, count):
    """What nobody asked for is no answer."""
    client, other = simple_client(address), simple_client(address)
    with client.cursor() as cursor, other.cursor() as other_cursor:
        cursor.execute("LISTEN news")
        for _ in range(count):
            other_cursor.execute("NOTIFY news, 'x'")
            while not client.notifies:
                select.select([client.fileno()], [], [], 1)
                client.poll()
            client.notifies.clear()
    client.close()
    other.close()


def called(address, count):
    """Functions by their numbers: large objects. libpq asks for the numbers once."""
    client = simple_client(address)
    client.autocommit = False
    for _ in range(count):
        content = client.lobject()  # lo_creat, lo_open
        content.write("x" * 1000)  # lowrite
        content.close()  # lo_close
        client.rollback()
    client.close()


if __name__ == "__main__":
    run(globals())
