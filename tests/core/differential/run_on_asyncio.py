"""Runs the scenarios of a file on asyncio, under virtual time, and prints what happened.

usage: python3 run_on_asyncio.py scenarios.txt
"""

import asyncio
import contextvars
import selectors
import sys
import warnings


class Failure(Exception):
    """What the step `fail` throws."""


class JumpingSelector(selectors.DefaultSelector):
    """Instead of waiting, moves the clock of its loop."""

    def select(self, timeout=None):
        if timeout is None:
            raise RuntimeError("everybody waits for ever")
        self.loop.now += max(timeout, 0)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose seconds are our milliseconds, so that no time is rounded."""

    def __init__(self):
        self.now = 0
        selector = JumpingSelector()
        selector.loop = self
        super().__init__(selector)

    def time(self):
        return self.now


class Step:
    def __init__(self, line):
        self.line = line.rstrip(":")
        self.verb, *self.words = self.line.split()
        self.body = []


def parse(text):
    """Yields (name, shared things, tasks) of each scenario that is not for hocket alone."""
    scenario = None
    text = text.partition("\n# ==== hocket only")[0]
    for line in text.splitlines():
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        word, _, rest = stripped.partition(" ")
        if word == "scenario":
            if scenario:
                yield scenario
            scenario = (rest, [], {})
        elif word == "task" and not line.startswith(" "):
            blocks = [scenario[2].setdefault(rest, [])]
        elif not line.startswith(" "):
            scenario[1].append(stripped.split())
        else:
            depth = (len(line) - len(line.lstrip())) // 2
            step = Step(stripped)
            del blocks[depth:]
            blocks[depth - 1].append(step)
            blocks.append(step.body)
    yield scenario


def describe(error):
    if isinstance(error, asyncio.CancelledError):
        return "cancelled"
    if isinstance(error, TimeoutError):
        return "timed out"
    if isinstance(error, BaseExceptionGroup):
        return "group(" + "; ".join(describe(each) for each in error.exceptions) + ")"
    if isinstance(error, asyncio.BrokenBarrierError):
        return "broken"
    if isinstance(error, Failure):
        return str(error)
    if isinstance(error, (asyncio.InvalidStateError, RuntimeError, ValueError)):
        return "refused"
    raise error


class Scenario:
    def __init__(self, shared, tasks):
        self.steps = tasks
        self.shared = shared
        self.tasks = {}
        self.groups = {}
        self.timeouts = {}
        self.callbacks = {}  # of tasks and futures
        self.handles = {}
        self.tokens = {}
        self.trace = []

    def make_shared(self):
        things = {}
        for kind, name, *arguments in self.shared:
            number = int(arguments[0]) if arguments else 0
            make = {
                "queue": lambda: asyncio.Queue(number),
                "lock": asyncio.Lock,
                "event": asyncio.Event,
                "semaphore": lambda: asyncio.Semaphore(number),
                "future": lambda: asyncio.get_running_loop().create_future(),
                "condition": asyncio.Condition,
                "barrier": lambda: asyncio.Barrier(number),
                "variable": lambda: contextvars.ContextVar(name),
            }[kind]
            things[name] = make()
        self.shared = things

    def note(self, what):
        self.trace.append(f"{asyncio.get_running_loop().now} {what}")

    async def main(self):
        self.make_shared()
        name = next(iter(self.steps))
        self.tasks[name] = asyncio.current_task()
        await self.run(name, self.steps[name], None)

    async def run(self, me, steps, group):
        for step in steps:
            try:
                value = await self.do(me, step, group)
            except BaseException as error:
                self.note(f"{me}: {step.line} -> {describe(error)}")
                raise
            self.note(f"{me}: {step.line}" + ("" if value is None else f" -> {value}"))

    async def do(self, me, step, group):
        if step.body:
            return await self.do_block(me, step, group)
        first = step.words[0] if step.words else None
        if step.verb in WITH_TASKS:
            return await WITH_TASKS[step.verb](self, step, group)
        if step.verb == "note":
            return None
        if step.verb == "sleep":
            return await asyncio.sleep(int(first))
        if step.verb == "fail":
            raise Failure(" ".join(step.words))
        if step.verb in WITH_LOOP:
            return WITH_LOOP[step.verb](self, *step.words)
        number = int(step.words[1]) if len(step.words) > 1 else None
        return await WITH_THINGS[step.verb](self.shared[first], number)

    async def do_block(self, me, step, group):
        if step.verb == "try":
            try:
                await self.run(me, step.body, group)
            except BaseException:
                pass
        elif step.verb in ("timeout", "timeout_at"):
            limit, *name = step.words
            make = asyncio.timeout if step.verb == "timeout" else asyncio.timeout_at
            async with make(number_or_none(limit)) as bound:
                if name:
                    self.timeouts[name[0]] = bound
                await self.run(me, step.body, group)
        elif step.verb == "repeat":
            for _ in range(int(step.words[0])):
                await self.run(me, step.body, group)
        elif step.verb == "group":
            async with asyncio.TaskGroup() as inner:
                if step.words:
                    self.groups[step.words[0]] = inner
                await self.run(me, step.body, inner)

    def coroutine(self, name):
        return self.run(name, self.steps[name], None)

    async def start(self, step, _):
        self.tasks[step.words[0]] = asyncio.create_task(self.coroutine(step.words[0]))

    async def spawn(self, step, group):
        self.tasks[step.words[0]] = group.create_task(self.coroutine(step.words[0]))

    async def spawn_in(self, step, _):
        group, name = step.words
        self.tasks[name] = self.groups[group].create_task(self.coroutine(name))

    async def join(self, step, _):
        await self.tasks[step.words[0]]

    async def gather(self, step, _):
        await asyncio.gather(*(self.tasks[name] for name in step.words))

    async def gather_all(self, step, _):
        results = await asyncio.gather(*(self.tasks[name] for name in step.words), return_exceptions=True)
        return " ".join("finished" if each is None else describe(each) for each in results)

    async def gather_new(self, step, _):
        await asyncio.gather(*(self.coroutine(name) for name in step.words))

    async def within(self, step, _):
        await asyncio.wait_for(self.tasks[step.words[1]], int(step.words[0]))

    async def within_new(self, step, _):
        await asyncio.wait_for(self.coroutine(step.words[1]), int(step.words[0]))

    async def cancel(self, step, _):
        self.tasks[step.words[0]].cancel()

    async def uncancel(self, step, _):
        self.tasks[step.words[0]].uncancel()

    async def requests(self, step, _):
        return self.tasks[step.words[0]].cancelling()

    async def status(self, step, _):
        task = self.tasks[step.words[0]]
        if not task.done():
            return "running"
        if task.cancelled():
            return "cancelled"
        return "failed" if task.exception() else "finished"

    async def shield(self, step, _):
        await asyncio.shield(self.tasks[step.words[0]])

    async def wait(self, step, _):
        names = [name for name in step.words if name in self.tasks]
        when = {"wait_any": asyncio.FIRST_COMPLETED, "wait_error": asyncio.FIRST_EXCEPTION}
        done, pending = await asyncio.wait([self.tasks[name] for name in names], timeout=time_of(step),
                                           return_when=when.get(step.verb, asyncio.ALL_COMPLETED))
        return " ".join([name for name in names if self.tasks[name] in done] + [f"of {len(done) + len(pending)}"])

    async def each(self, step, _):
        tasks = [self.tasks[name] for name in step.words if name in self.tasks]
        for ended in asyncio.as_completed(tasks, timeout=time_of(step)):
            how = "ended"
            try:
                await ended
            except BaseException as error:
                if asyncio.current_task().cancelling() > 0:
                    raise
                how = describe(error)
            self.note("one " + how)

    async def callback(self, step, _):
        subject, name = step.words
        self.callbacks[name] = lambda _: self.called(name)
        (self.tasks.get(subject) or self.shared[subject]).add_done_callback(self.callbacks[name])

    async def uncallback(self, step, _):
        subject, name = step.words
        (self.tasks.get(subject) or self.shared[subject]).remove_done_callback(self.callbacks[name])

    def called(self, name):
        """What a callback does: the steps of a task of its name, none of which may wait, or nothing."""
        self.note("callback " + name)
        if name in self.steps:
            try:
                self.coroutine(name).send(None)
            except StopIteration:
                pass

    def soon(self, name):
        self.handles[name] = asyncio.get_running_loop().call_soon(self.called, name)

    def later(self, delay, name):
        self.handles[name] = asyncio.get_running_loop().call_later(int(delay), self.called, name)

    def at(self, when, name):
        self.handles[name] = asyncio.get_running_loop().call_at(int(when), self.called, name)

    def unschedule(self, name):
        self.handles[name].cancel()

    def reschedule(self, name, when):
        self.timeouts[name].reschedule(number_or_none(when))

    def expired(self, name):
        return "yes" if self.timeouts[name].expired() else "no"

    def when(self, name):
        return str(self.timeouts[name].when()).lower()

    def assign(self, name, value):
        self.tokens[name] = self.shared[name].set(int(value))

    def read(self, name):
        return self.shared[name].get("unset")

    def undo(self, name):
        self.shared[name].reset(self.tokens[name])


def number_or_none(word):
    return None if word == "none" else int(word)


def time_of(step):
    return int(step.words[0]) if step.verb.endswith("_up_to") else None


WITH_TASKS = {name: getattr(Scenario, name) for name in
              ("start", "spawn", "join", "gather", "cancel", "uncancel", "requests", "status", "callback", "shield",
               "uncallback", "spawn_in", "gather_all", "gather_new", "within", "within_new")}
WITH_TASKS |= {name: Scenario.wait for name in ("wait_all", "wait_any", "wait_error", "wait_up_to")}
WITH_TASKS |= {name: Scenario.each for name in ("each_ended", "each_up_to")}
WITH_LOOP = {name: getattr(Scenario, name) for name in
             ("soon", "later", "at", "unschedule", "reschedule", "expired", "when", "assign", "read", "undo")}


def at_once(function):
    async def step(thing, number):
        return function(thing, number)
    return step


def get_nowait(queue, _):
    return "nothing" if queue.empty() else queue.get_nowait()


def put_nowait(queue, number):
    if queue.full():
        return "full"
    queue.put_nowait(number)


async def acquire(thing, _):
    await thing.acquire()


async def wait(event, _):
    await event.wait()


async def await_future(future, _):
    return await future


WITH_THINGS = {
    "get": lambda queue, _: queue.get(),
    "put": lambda queue, number: queue.put(number),
    "get_nowait": at_once(get_nowait),
    "put_nowait": at_once(put_nowait),
    "task_done": at_once(lambda queue, _: queue.task_done()),
    "all_done": lambda queue, _: queue.join(),
    "acquire": acquire,
    "release": at_once(lambda lock, _: lock.release()),
    "enter": acquire,
    "leave": at_once(lambda semaphore, _: semaphore.release()),
    "wait": wait,
    "set_event": at_once(lambda event, _: event.set()),
    "clear_event": at_once(lambda event, _: event.clear()),
    "set": at_once(lambda future, number: future.set_result(number)),
    "drop": at_once(lambda future, _: future.cancel() and None),
    "await": await_future,
    "size": at_once(lambda queue, _: queue.qsize()),
    "locked": at_once(lambda lock, _: "yes" if lock.locked() else "no"),
    "wait_condition": wait,
    "notify": at_once(lambda condition, number: condition.notify(number)),
    "notify_all": at_once(lambda condition, _: condition.notify_all()),
    "meet": lambda barrier, _: barrier.wait(),
    "abort": lambda barrier, _: barrier.abort(),
    "reset": lambda barrier, _: barrier.reset(),
}


def main():
    warnings.simplefilter("ignore")  # a coroutine that a group refuses is never awaited
    with open(sys.argv[1], encoding="utf-8") as file:
        scenarios = list(parse(file.read()))
    for name, shared, tasks in scenarios:
        scenario = Scenario(shared, tasks)
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            runner.get_loop().set_exception_handler(lambda loop, context: None)
            try:
                runner.run(scenario.main())
            except BaseException as error:
                scenario.trace.append("main ended: " + describe(error))
        print("scenario " + name)
        for line in scenario.trace:
            print("  " + line)


main()
