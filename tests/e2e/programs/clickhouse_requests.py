# SPDX-License-Identifier: Apache-2.0
"""Asks a ClickHouse server over its native protocol:

    clickhouse_requests.py ADDRESS PORT MODE=COUNT...

Runs in a container, with Debian's driver for Python, which does not compress what it says.
"""

import datetime
import decimal
import sys
import threading

from clickhouse_driver import Client
from clickhouse_driver.errors import ServerException

ONE_MIB = 1 << 20
COLUMNS = ("id UInt64, name String, note Nullable(String), tags Array(String), at DateTime, "
           "kind Enum8('new' = 1, 'old' = 2), code FixedString(4), price Decimal(9, 2)")
ROW = (1, "one", None, ["red", "green"], datetime.datetime(2018, 1, 1), "old", "abcd",
       decimal.Decimal("1.5"))


class Caller:
    def __init__(self, address, port):
        self.connection = {"host": address, "port": port}

    def connect(self):
        return Client(**self.connection)

    def fails(self, client, query, code):
        try:
            client.execute(query)
        except ServerException as error:
            assert error.code == code, error
        else:
            raise AssertionError(f"{query} did not fail")

    def prepare(self, count):
        """The tables of the other modes."""
        client = self.connect()
        client.execute("CREATE DATABASE shop")
        client.execute("CREATE TABLE notes (id UInt64, text String) ENGINE = Memory")
        client.execute(f"CREATE TABLE shop.orders ({COLUMNS}) ENGINE = Memory")
        client.execute("INSERT INTO shop.orders VALUES", [ROW])
        client.disconnect()

    def keep_alive(self, count):
        client = self.connect()
        for i in range(count):
            client.execute("INSERT INTO notes VALUES", [(i, "x" * (i % 7)), (i + 1, "")])
            assert len(client.execute("SELECT * FROM shop.orders")) == 1
            assert client.execute("SELECT count() FROM notes WHERE id = 5000000") == [(0,)]
        client.disconnect()

    def errors(self, count):
        """The driver closes a connection after an error."""
        client = self.connect()
        for _ in range(count):
            self.fails(client, "SELECT nothing FROM shop.orders", 47)
            self.fails(client, "SELECT 1 FROM nowhere", 60)
            self.fails(client, "SELEKT 1", 62)
        client.disconnect()

    def in_midstream(self, count):
        """Rows come, and then an exception."""
        client = self.connect()
        for _ in range(count):
            self.fails(client, "SELECT throwIf(number = 2000) FROM system.numbers LIMIT 3000 "
                       "SETTINGS max_block_size = 500", 395)
        client.disconnect()

    def big(self, count):
        client = self.connect()
        for _ in range(count):
            client.execute("INSERT INTO notes VALUES", [(5, "b" * ONE_MIB)])
            (row,) = client.execute(f"SELECT toFixedString('x', {ONE_MIB}) AS big")
            assert len(row[0].rstrip("\0")) == 1
            rows = client.execute("SELECT number FROM system.numbers LIMIT 200000")
            assert rows[-1] == (199999,)
        client.execute("SELECT 1")
        client.disconnect()

    def many_texts(self, count):
        """Of so many texts no end can be told where not all are captured."""
        client = self.connect()
        for _ in range(count):
            rows = client.execute("SELECT toString(number) FROM system.numbers LIMIT 30000")
            assert len(rows) == 30000
        client.execute("SELECT 1")
        client.disconnect()

    def refused(self, count):
        for _ in range(count):
            client = Client(user="nobody", **self.connection)
            self.fails(client, "SELECT 1", 192)

    def concurrent(self, count):
        threads = [threading.Thread(target=self.keep_alive, args=(count,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def ready(self, count):
        client = self.connect()
        for _ in range(count):
            client.execute("SELECT 1")
        client.disconnect()


def main(address, port, *modes):
    caller = Caller(address, int(port))
    for mode in modes:
        name, _, count = mode.partition("=")
        getattr(caller, name)(int(count))


if __name__ == "__main__":
    main(*sys.argv[1:])
