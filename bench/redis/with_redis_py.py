"""TASKS tasks set and get by one client of redis-py's asyncio: with_redis_py.py SOCKET TASKS COMMANDS. Prints the seconds of CPU and those that passed.

A connection of redis-py answers one command at a time, so its pool has one for each task.
"""

import asyncio
import resource
import sys
import time

import redis.asyncio


def cpu_seconds():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def set_and_get(store, task, commands):
    key, value = f"key:{task}", b"v" * 32
    for _ in range(0, commands, 2):
        await store.set(key, value)
        if await store.get(key) != value:
            raise SystemExit("another value was set")


async def main(path, tasks, commands):
    store = redis.asyncio.Redis(unix_socket_path=path)
    await store.ping()
    before, begun = cpu_seconds(), time.monotonic()
    await asyncio.gather(*(set_and_get(store, n, commands // tasks) for n in range(tasks)))
    print(f"{cpu_seconds() - before:.4f} {time.monotonic() - begun:.4f}")


asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
