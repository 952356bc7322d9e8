"""Python beside companions.cpp: with_python.py METRIC; prints "METRIC ns_per_operation"."""

import asyncio
import concurrent.futures
import sys
import time

ITEMS = 300_000
CALLS = 3_000


def numbers(end):
    for n in range(end):
        yield n


async def async_numbers(end):
    for n in range(end):
        yield n


async def mapped(source, function):
    async for item in source:
        yield function(item)


async def filtered(source, wanted):
    async for item in source:
        if wanted(item):
            yield item


async def taken_while(source, wanted):
    async for item in source:
        if not wanted(item):
            break
        yield item


async def enumerated(source):
    index = 0
    async for item in source:
        yield index, item
        index += 1


def nothing():
    pass


def same(value):
    return value


async def generator():
    total = 0
    for n in numbers(ITEMS):
        total += n
    return ITEMS


async def async_generator():
    total = 0
    async for n in async_numbers(ITEMS):
        total += n
    return ITEMS


async def pipeline():
    source = mapped(async_numbers(ITEMS), lambda n: 3 * n + 1)
    source = taken_while(filtered(source, lambda n: n % 4 != 0), lambda n: n >= 0)
    total = 0
    async for n in mapped(enumerated(source), lambda pair: pair[0] + pair[1]):
        total += n
    return ITEMS


async def feed(source, items):
    async for item in source:
        await items.put(item)


async def merge():
    items = asyncio.Queue(1)
    feeds = [asyncio.create_task(feed(async_numbers(ITEMS // 20), items)) for _ in range(2)]
    total = 0
    for _ in range(ITEMS // 10):
        total += await items.get()
    await asyncio.gather(*feeds)
    return ITEMS // 10


async def thread():
    loop = asyncio.get_running_loop()
    for _ in range(CALLS):
        await loop.run_in_executor(THREADS, nothing)
    return CALLS


async def process():
    loop = asyncio.get_running_loop()
    for n in range(CALLS):
        await loop.run_in_executor(PROCESSES, same, n)
    return CALLS


METRICS = (generator, async_generator, pipeline, merge, thread, process)


async def measure(metric):
    if metric is process:
        await asyncio.get_running_loop().run_in_executor(PROCESSES, same, 0)  # the worker has started
    begin = time.perf_counter_ns()
    count = await metric()
    print(metric.__name__, f"{(time.perf_counter_ns() - begin) / count:.1f}")


if __name__ == "__main__":
    wanted = [metric for metric in METRICS if metric.__name__ == sys.argv[1]]
    if not wanted:
        sys.exit(2)
    THREADS = concurrent.futures.ThreadPoolExecutor(1)
    PROCESSES = concurrent.futures.ProcessPoolExecutor(1)
    asyncio.run(measure(wanted[0]))
    PROCESSES.shutdown()
