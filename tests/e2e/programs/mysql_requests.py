# SPDX-License-Identifier: Apache-2.0
"""Queries for MySQL and MariaDB in exact numbers: mysql_requests.py ADDRESS PORT MODE...

Runs in a container. A mode is NAME or NAME=COUNT. Fails unless every answer is what it must be.
pymysql sends queries as text, mysql.connector prepares them.
"""

import pathlib

import mysql.connector
import pymysql
import pymysql.constants.CLIENT

from modes import at_once, check, fail, run

BIG = "b" * (1 << 20)
HUGE = "h" * (17 << 20)  # More than a packet holds.
ROWS = 10000


def text_client(address, **options):
    return pymysql.connect(host=address[0], port=address[1], user="test", password="secret",
                           database="shop", autocommit=True, local_infile=True,
                           max_allowed_packet=64 << 20, connect_timeout=20, **options)


def preparing_client(address):
    """Says SET NAMES and whether it commits by itself as it begins."""
    return mysql.connector.connect(host=address[0], port=address[1], user="test",
                                   password="secret", database="shop", autocommit=True,
                                   use_pure=True, ssl_disabled=True, connection_timeout=20)


def fails(number, call, *arguments):
    try:
        call(*arguments)
    except (pymysql.Error, mysql.connector.Error) as error:
        return check(error.args[0], number)
    fail(f"{str(arguments)[:100]} did not fail")


def simple(address, count):
    with text_client(address) as client, client.cursor() as cursor:
        for i in range(count):
            cursor.execute("INSERT INTO orders VALUES (%s, 'x')", (i,))
            cursor.execute("SELECT id FROM orders WHERE id = %s", (i,))
            check(cursor.fetchone(), (i,))
            fails(1062, cursor.execute, "INSERT INTO orders VALUES (%s, 'y')", (i,))
            cursor.execute("DELETE FROM orders WHERE id = %s", (i,))
            check(cursor.execute("SELECT id FROM orders"), 0)
            fails(1146, cursor.execute, "UPDATE nothing SET id = 1")
            fails(1064, cursor.execute, "SELEKT 1")


def late_errors(address, count):
    """Behind as many rows as fill several packets."""
    with text_client(address) as client, client.cursor() as cursor:
        for _ in range(count):
            fails(1690, cursor.execute, "SELECT exp(x) FROM many")


def several(address, count):
    """Statements in one request: with several results; and with an error in the second."""
    several_at_once = pymysql.constants.CLIENT.MULTI_STATEMENTS
    with text_client(address, client_flag=several_at_once) as client, client.cursor() as cursor:
        for _ in range(count):
            cursor.execute("SELECT id FROM one; DELETE FROM orders; SELECT id FROM one")
            check(cursor.fetchall(), ((1,),))
            check(cursor.nextset() and cursor.nextset())
            check(cursor.fetchall(), ((1,),))
            check(cursor.nextset(), None)
            cursor.execute("SELECT id FROM one; SELECT id FROM nothing; SELECT 1")
            fails(1146, cursor.nextset)


def called(address, count):
    with text_client(address) as client, client.cursor() as cursor:
        for _ in range(count):
            cursor.execute("CALL two_results()")
            results = [cursor.fetchall()]
            while cursor.nextset():
                results.append(cursor.fetchall())
            check(results, [((1,),), ((2,),), ()])


def loaded(address, count):
    """A file of the client's, into a table; and into one that does not take all of it."""
    file = pathlib.Path("/tmp/rows")
    with text_client(address) as client, client.cursor() as cursor:
        for _ in range(count):
            file.write_text("".join(f"{i}\t{'x' * 100}\n" for i in range(ROWS)))
            load = f"LOAD DATA LOCAL INFILE '{file}' INTO TABLE loads"
            check(cursor.execute(load), ROWS)
            cursor.execute("TRUNCATE TABLE loads")
            fails(1644, cursor.execute, load.replace("loads", "guarded"))


def transactions(address, count):
    with text_client(address) as client, client.cursor() as cursor:
        for _ in range(count):
            client.begin()
            cursor.execute("INSERT INTO orders VALUES (7, 'x')")
            client.rollback()


def commands(address, count):
    with text_client(address) as client:
        for _ in range(count):
            client.ping(reconnect=False)
            client.select_db("shop")
            fails(1049, client.select_db, "nothing")
    client = preparing_client(address)
    for _ in range(count):
        client.cmd_change_user("test", "secret", "shop")
        check("Uptime" in client.cmd_statistics())
        client.cmd_reset_connection()
    client.close()


def prepared(address, count):
    client = preparing_client(address)
    insert, select = client.cursor(prepared=True), client.cursor(prepared=True)
    fail = client.cursor(prepared=True)
    for i in range(count):
        insert.execute("INSERT INTO orders VALUES (?, ?)", (i, "x" * 100))
        select.execute("SELECT what FROM orders WHERE id = ?", (i,))
        check(select.fetchall(), [("x" * 100,)])
        fails(1062, insert.execute, "INSERT INTO orders VALUES (?, ?)", (i, "y"))
        fails(1146, fail.execute, "SELECT id FROM nothing WHERE id = ?", (i,))
    for cursor in (insert, select, fail):
        cursor.close()
    client.cmd_query("DELETE FROM orders")
    client.close()


def big(address, count):
    """A query and a row of 1 MiB; and of more than 16 MiB, which is more than one packet."""
    with text_client(address) as client, client.cursor() as cursor:
        for body in [BIG] * count + [HUGE]:
            cursor.execute("INSERT INTO bodies VALUES (%s)", (body,))
            cursor.execute("SELECT body FROM bodies")
            check(cursor.fetchone(), (body,))
            cursor.execute("TRUNCATE TABLE bodies")
            cursor.execute("SELECT x FROM many")
            check(len(cursor.fetchall()), ROWS)


def concurrent(address, count):
    """Eight connections at once."""
    def one(number):
        with text_client(address) as client, client.cursor() as cursor:
            for _ in range(count):
                cursor.execute("SELECT id FROM one")

    at_once(one)


if __name__ == "__main__":
    run(globals())
