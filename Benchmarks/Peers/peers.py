#!/usr/bin/env python3
"""Other engines doing the same work, each as its own documents advise for throughput.

    peers.py NAME COUNT PLACE        PLACE: a PostgreSQL URI, or a folder for SQLite

The work: COUNT jobs with 188 bytes of JSON enqueued, run by handlers that do nothing, and completed.
Prints one line of JSON: jobs a second from the first enqueue to the last end, and processor seconds.
"""

import asyncio
import json
import os
import resource
import sqlite3
import sys
import threading
import time
from dataclasses import dataclass

PAYLOAD = json.dumps({"filler": "x" * 174})


def report(count, started):
    took = time.perf_counter() - started
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({
        "rate": count / took,
        "cpuMicroseconds": (used.ru_utime + used.ru_stime) * 1e6 / count,
        "memoryMiB": used.ru_maxrss / 1024,
    }))


class Done:
    """Counts handled jobs and tells when all are."""

    def __init__(self, count):
        self.left, self.all, self.lock = count, threading.Event(), threading.Lock()

    def one(self):
        with self.lock:
            self.left -= 1
            if self.left == 0:
                self.all.set()


async def pgqueuer_on(place):
    """A connection, a queue and its writer on an empty database."""
    import asyncpg
    from pgqueuer import AsyncpgDriver, PgQueuer, Queries

    setup = await asyncpg.connect(place)
    await Queries(AsyncpgDriver(setup)).install()
    queue = PgQueuer(AsyncpgDriver(await asyncpg.connect(place)))
    return setup, queue, Queries(AsyncpgDriver(await asyncpg.connect(place)))


async def pgqueuer(count, place):
    from datetime import timedelta

    setup, queue, writer = await pgqueuer_on(place)
    over = asyncio.Event()
    left = count

    @queue.entrypoint("nothing")
    async def nothing(job):
        nonlocal left
        left -= 1
        if left == 0:
            over.set()

    started = time.perf_counter()
    runner = asyncio.create_task(
        queue.run(dequeue_timeout=timedelta(seconds=1), batch_size=100))
    for _ in range(count // 100):
        await writer.enqueue(["nothing"] * 100, [PAYLOAD.encode()] * 100, [0] * 100)
    await over.wait()
    # The last ends are written in batches: they count once they are in the table.
    while await setup.fetchval("SELECT count(*) FROM pgqueuer") > 0:
        await asyncio.sleep(0.005)
    report(count, started)
    queue.shutdown.set()
    await runner


async def pgqueuerpickup(count, place):
    """Idle pickup: milliseconds from the acknowledged enqueue to the handler, p50 and p99."""
    from datetime import timedelta

    _, queue, writer = await pgqueuer_on(place)
    begun = asyncio.Queue()

    @queue.entrypoint("nothing")
    async def nothing(job):
        begun.put_nowait(time.perf_counter())

    runner = asyncio.create_task(
        queue.run(dequeue_timeout=timedelta(seconds=30), batch_size=100))
    await asyncio.sleep(1)
    waits = []
    for _ in range(count):
        await asyncio.sleep(0.008)
        await writer.enqueue("nothing", PAYLOAD.encode())
        acknowledged = time.perf_counter()
        waits.append((await begun.get() - acknowledged) * 1000)
    waits.sort()
    print(json.dumps({
        "rate": waits[count // 2], "cpuMicroseconds": waits[count * 99 // 100], "memoryMiB": 0}))
    queue.shutdown.set()
    await runner


@dataclass
class Nothing:
    filler: str


async def awa(count, place):
    import awa as library
    import asyncpg

    library.migrate(place)
    client = library.AsyncClient(place)
    over = asyncio.Event()
    left = count

    @client.task(Nothing, queue="bench")
    async def nothing(job):
        nonlocal left
        left -= 1
        if left == 0:
            over.set()

    started = time.perf_counter()
    await client.start([("bench", 256)])
    for first in range(0, count, 1000):
        jobs = [Nothing("x" * 174)] * min(1000, count - first)
        await client.enqueue_many_copy(jobs, queue="bench")
    await over.wait()
    report(count, started)
    await client.shutdown()


async def procrastinate(count, place):
    import procrastinate as library

    app = library.App(connector=library.PsycopgConnector(conninfo=place))
    over = asyncio.Event()
    left = count

    @app.task(name="nothing")
    async def nothing(filler):
        nonlocal left
        left -= 1
        if left == 0:
            over.set()

    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        started = time.perf_counter()
        runner = asyncio.create_task(
            app.run_worker_async(concurrency=32, install_signal_handlers=False))
        for _ in range(count // 100):
            await nothing.batch_defer_async(*[{"filler": "x" * 174}] * 100)
        await over.wait()
        report(count, started)
        runner.cancel()
        try:
            await runner
        except asyncio.CancelledError:
            pass


def huey(count, place):
    from huey import SqliteHuey

    queue = SqliteHuey(filename=os.path.join(place, "huey.db"), fsync=True, results=False)
    done = Done(count)

    @queue.task()
    def nothing(filler):
        done.one()

    consumer = queue.create_consumer(
        workers=4, worker_type="thread", periodic=False, initial_delay=0.001, max_delay=0.01,
        check_worker_health=False)
    started = time.perf_counter()
    consumer.start()
    for _ in range(count):
        nothing("x" * 174)
    done.all.wait()
    report(count, started)
    consumer.stop()
    os._exit(0)


def rawsqlite(count, place, batch=256):
    """The same row writes in a plain loop: insert, claim, move to a history, each batch durable."""
    database = sqlite3.connect(os.path.join(place, "raw.db"), isolation_level=None)
    for statement in [
        "PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL",
        "CREATE TABLE jobs(number INTEGER PRIMARY KEY, tenant TEXT, kind TEXT, partition TEXT, "
        "state INTEGER, due INTEGER, rank INTEGER, attempt INTEGER, payload BLOB, enqueued INTEGER)",
        "CREATE INDEX ready ON jobs(partition, rank, number) WHERE state = 1",
        "CREATE TABLE history(number INTEGER PRIMARY KEY, tenant TEXT, kind TEXT, partition TEXT, "
        "state INTEGER, due INTEGER, rank INTEGER, attempt INTEGER, payload BLOB, enqueued INTEGER)",
        "CREATE INDEX by_state ON history(tenant, state, number)",
    ]:
        database.execute(statement)
    payload = PAYLOAD.encode()
    started = time.perf_counter()
    for first in range(1, count + 1, batch):
        numbers = range(first, min(first + batch, count + 1))
        database.execute("BEGIN IMMEDIATE")
        database.executemany(
            "INSERT INTO jobs VALUES(?, 't', 'nothing', 'p', 1, 1, 1, 0, ?, 1)",
            [(number, payload) for number in numbers])
        database.execute("COMMIT")
        database.execute("BEGIN IMMEDIATE")
        database.executemany(
            "UPDATE jobs SET state = 2, attempt = attempt + 1 WHERE number = ? AND state = 1",
            [(number,) for number in numbers])
        database.execute("COMMIT")
        database.execute("BEGIN IMMEDIATE")
        database.executemany(
            "INSERT INTO history SELECT number, tenant, kind, partition, 4, due, rank, attempt, "
            "payload, enqueued FROM jobs WHERE number = ?", [(number,) for number in numbers])
        database.executemany(
            "DELETE FROM jobs WHERE number = ?", [(number,) for number in numbers])
        database.execute("COMMIT")
    report(count, started)


async def rawpostgres(count, place, batch=1024):
    """COPY in, claim and finish in one statement each, a batch at a time."""
    import asyncpg

    connection = await asyncpg.connect(place)
    await connection.execute(
        "CREATE TABLE raw(number bigint PRIMARY KEY, tenant text, kind text, partition text, "
        "state bigint, due bigint, rank bigint, attempt bigint, payload bytea, enqueued bigint)")
    await connection.execute(
        "CREATE INDEX raw_ready ON raw(partition, rank, number) WHERE state = 1")
    await connection.execute("CREATE TABLE raw_history(LIKE raw)")
    await connection.execute("CREATE INDEX raw_state ON raw_history(tenant, state, number)")
    payload = PAYLOAD.encode()
    started = time.perf_counter()
    for first in range(1, count + 1, batch):
        last = min(first + batch, count + 1)
        await connection.copy_records_to_table("raw", records=[
            (number, "t", "nothing", "p", 1, 1, 1, 0, payload, 1)
            for number in range(first, last)])
        numbers = list(range(first, last))
        await connection.execute(
            "UPDATE raw SET state = 2, attempt = attempt + 1 WHERE number = ANY($1) AND state = 1",
            numbers)
        await connection.execute(
            "WITH gone AS (DELETE FROM raw WHERE number = ANY($1) RETURNING *) "
            "INSERT INTO raw_history SELECT * FROM gone", numbers)
    report(count, started)


if __name__ == "__main__":
    name, count, place = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    work = globals()[name](count, place)
    if asyncio.iscoroutine(work):
        asyncio.run(work)
