"""gdb and hocket: what tasks wait for, and values of hocket's types as one reads them.

    (gdb) source scripts/gdb/hocket.py
    (gdb) hocket tasks
    (gdb) hocket chain 'http connection'

The two commands ask the hocket program, which reads the process, or its core dump, as `hocket ps` does; so the program under gdb may be stripped. The
printers need debug information. It is written for gdb 13.
"""

import json
import os
import re
import shutil
import subprocess

import gdb
import gdb.printing
import gdb.types


class Program(gdb.Parameter):
    """The hocket program that is asked by `hocket tasks` and `hocket chain`."""

    set_doc = "Set which hocket program is asked."
    show_doc = "Show which hocket program is asked."

    def __init__(self):
        super().__init__("hocket-program", gdb.COMMAND_DATA, gdb.PARAM_FILENAME)
        built = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../build/release/bin/hocket")
        self.value = shutil.which("hocket") or os.path.normpath(built)

    def get_show_string(self, value):
        return f"The hocket program is '{value}'."


PROGRAM = Program()


def core_file():
    """The core dump that is looked at, if it is one."""
    connection = gdb.selected_inferior().connection
    if connection is None or connection.type != "core":
        return None
    found = re.search(r"core dump file:\n\t`(.*)', file type", gdb.execute("info files", to_string=True))
    if not found:
        raise gdb.GdbError("gdb does not say which core dump this is")
    return found[1]


def ask(*options):
    """What `hocket ps` says of what gdb looks at."""
    inferior = gdb.selected_inferior()
    command = [PROGRAM.value, "ps", *options]
    if core := core_file():
        command += ["--core", core]
        if inferior.progspace.filename:
            command += ["--exe", inferior.progspace.filename]
    elif inferior.pid != 0:
        command += ["--no-stop", str(inferior.pid)]  # gdb has stopped it
    else:
        raise gdb.GdbError("no process runs, and there is no core dump")
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    except OSError as error:
        raise gdb.GdbError(f"cannot run '{PROGRAM.value}': {error.strerror} (set hocket-program FILE)") from error
    if answer.returncode != 0:
        raise gdb.GdbError(answer.stderr.strip())
    return answer.stdout


class Hocket(gdb.Command):
    """Commands for programs with hocket in them."""

    def __init__(self):
        super().__init__("hocket", gdb.COMMAND_DATA, gdb.COMPLETE_NONE, prefix=True)


class Tasks(gdb.Command):
    """hocket tasks: all tasks, with what each waits for and where."""

    def __init__(self):
        super().__init__("hocket tasks", gdb.COMMAND_DATA, gdb.COMPLETE_NONE)

    def invoke(self, argument, from_tty):
        if argument:
            raise gdb.GdbError("hocket tasks takes no arguments")
        gdb.write(ask())


class Chain(gdb.Command):
    """hocket chain TASK: where a task waits, and who waits for it, and so on; TASK is its name or its id."""

    def __init__(self):
        super().__init__("hocket chain", gdb.COMMAND_DATA, gdb.COMPLETE_NONE)

    def invoke(self, argument, from_tty):
        words = gdb.string_to_argv(argument)
        if len(words) != 1:
            raise gdb.GdbError("give a task, by its name or its id: hocket chain TASK")
        tasks = {}
        for loop in json.loads(ask("--json"))["loops"]:
            tasks.update((task["id"], task) for task in loop["tasks"])
        found = [task for task in tasks.values() if words[0] in (task["id"], task["name"])]
        if not found:
            raise gdb.GdbError(f"there is no task '{words[0]}'")
        for task in found:
            self.write(tasks, task, "", set())

    def write(self, tasks, task, indent, seen):
        waits = task["waits_for"]
        state = f"waits, {waits['kind']}" if waits else task["state"]
        gdb.write(f"{indent}task '{printable(task['name'])}' {task['id']}: {printable(state)}\n")
        if task["id"] in seen:
            gdb.write(f"{indent}  ...\n")
            return
        seen.add(task["id"])
        for number, frame in enumerate(task["frames"]):
            place = f"{frame['function']}() at {frame['file']}:{frame['line']}"
            gdb.write(f"{indent}  #{number}  {printable(place)}\n")
        for waiter in task["awaited_by"]:
            gdb.write(f"{indent}  awaited by\n")
            self.write(tasks, tasks[waiter], indent + "  ", seen)


def printable(text):
    return "".join(each if each.isprintable() else "?" for each in text)


def string_at(pointer):
    """The std::string there, of libstdc++."""
    memory = gdb.selected_inferior()
    words = memory.read_memory(pointer, 16).cast("B").cast("Q")
    return memory.read_memory(words[0], min(words[1], 256)).tobytes().decode(errors="replace")


def task_name(record):
    bits = int(record["name_"]["bits_"])
    return f"Task-{bits >> 1}" if bits & 1 else string_at(bits)


def members(listing):
    """How many there are in an intrusive list."""
    ends = listing["ends_"].address
    count, at = 0, listing["ends_"]["next"]
    while at != ends and count < 100_000:
        count, at = count + 1, at["next"]
    return count


def waiting(listing, who="waiting"):
    count = members(listing)
    return f", {count} {who}" if count else ""


def optional(value):
    """What a std::optional of libstdc++ holds; None: nothing."""
    payload = value["_M_payload"]
    return payload["_M_payload"]["_M_value"] if payload["_M_engaged"] else None


def count_of(value, what):
    count = int(value)
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def word_at(pointer):
    return gdb.selected_inferior().read_memory(int(pointer), 8).cast("B").cast("Q")[0]


def owned(pointer):
    """Where a std::unique_ptr points to."""
    pointed = pointer.type.strip_typedefs().template_argument(0).pointer()
    return gdb.Value(word_at(pointer.address)).cast(pointed)


def class_of(pointer):
    """The class of an object with virtual functions, of which nothing but its symbols may be known."""
    found = re.match(r"vtable for (.*) \+ 16 in ", gdb.execute(f"info symbol {word_at(pointer)}", to_string=True))
    return found[1] if found else str(pointer.dynamic_type.target())


def characters_of(view):
    """What a std::string_view of libstdc++ refers to."""
    length = min(int(view["_M_len"]), 1000)
    memory = gdb.selected_inferior().read_memory(int(view["_M_str"]), length) if length else b""
    return printable(bytes(memory).decode(errors="replace"))


def left_of(deadline, task):
    """How long it is to a deadline, by when the loop last asked for the time."""
    deadline = optional(deadline)
    if deadline is None:
        return ", no limit"
    if int(task) == 0:
        return ""
    nanoseconds = int(deadline["__d"]["__r"]) - int(task["loop_"]["last_time_"]["__d"]["__r"])
    return f", {nanoseconds / 1e9:.1f} s left"


def words_of(value):
    """An enumerator's own name, with blanks."""
    return str(value).rpartition("::")[2].replace("_", " ")


class Printer:
    def __init__(self, value):
        self.value = value


class RecordPrinter(Printer):
    """Of `task`, `any_task` and `future`, which hold a record."""

    kind = "future"

    def record(self):
        return self.value["record_"]["record_"]

    def to_string(self):
        record = self.record()
        if int(record) == 0:
            return f"no {self.kind}"
        return f"{self.name()}: {words_of(record['state_'])}{waiting(record['waiters_'])}"

    def name(self):
        return self.kind


class TaskPrinter(RecordPrinter):
    kind = "task"

    def name(self):
        return f"task '{printable(task_name(self.record()))}'"


class LockPrinter(Printer):
    def to_string(self):
        return f"lock: {words_of(self.value['state_'])}{waiting(self.value['waiters_'])}"


class EventPrinter(Printer):
    def to_string(self):
        return f"event: {'set' if self.value['set_'] else 'not set'}{waiting(self.value['waiters_'])}"


class SemaphorePrinter(Printer):
    def to_string(self):
        return f"semaphore: {int(self.value['value_'])} free{waiting(self.value['waiters_'])}"


class QueuePrinter(Printer):
    def to_string(self):
        value = self.value
        limit = int(value["limit_"])
        text = "queue" if limit in (0, 2**64 - 1) else f"queue of {limit} at most"
        text += f": {int(value['unfinished_'])} unfinished"
        text += waiting(value["getters_"], "wait to get") + waiting(value["putters_"], "wait to put")
        return text + (", shut down" if value["shut_down_"] else "")

    def children(self):
        items = self.value["items_"]
        fields = {field.name for field in items.type.strip_typedefs().fields()}
        if "places_" not in fields:  # one that sorts its items
            yield "items", items
            return
        first, last, capacity = (int(items[name]) for name in ("popped_", "pushed_", "capacity_"))
        for number in range(first, min(last, first + 200)):
            yield f"[{number - first}]", (items["places_"] + (number & (capacity - 1))).dereference()


class BoundedSemaphorePrinter(Printer):
    def to_string(self):
        return f"bounded {SemaphorePrinter(self.value.cast(self.value.type.fields()[0].type)).to_string()}"


class ConditionPrinter(Printer):
    def to_string(self):
        state = words_of(self.value["lock_"].referenced_value()["state_"])
        return f"condition: lock {state}{waiting(self.value['waiters_'])}"


class BarrierPrinter(Printer):
    def to_string(self):
        value = self.value
        return f"barrier of {int(value['parties_'])}: {words_of(value['state_'])}, {int(value['count_'])} came"


class CapacityLimiterPrinter(Printer):
    def to_string(self):
        borrowers = self.value["borrowers_"]["_M_impl"]
        borrowed = int(borrowers["_M_finish"] - borrowers["_M_start"])
        return f"capacity limiter: {borrowed} of {int(self.value['total_'])} borrowed{waiting(self.value['waiters_'])}"


class ChannelEndPrinter(Printer):
    """Of an end of a memory channel: what there is in the channel."""

    def to_string(self):
        end = self.value["end_"]["record_"]
        if int(end) == 0:
            return "no end of a channel"
        if end["closed"]:
            return "end of a channel: closed"
        channel = end["channel"]["record_"]
        size, buffer = int(channel["max_buffer_size_"]), channel["buffer_"]
        held = int(buffer["pushed_"]) - int(buffer["popped_"])
        room = "any number" if size == 2**64 - 1 else f"{size} at most"
        ends = f"{count_of(channel['sending_ends_'], 'sender')}, {count_of(channel['receiving_ends_'], 'receiver')}"
        lines = waiting(channel["senders_"], "wait to send") + waiting(channel["receivers_"], "wait to receive")
        return f"end of a channel: {held} of {room}, {ends}{lines}"


class CancelScopePrinter(Printer):
    def to_string(self):
        state = "cancelled" if self.value["node_"]["requests"] else "open" if int(self.value["task_"]) else "not entered"
        shield = ", a shield" if self.value["node_"]["shield"] else ""
        return f"cancel scope: {state}{shield}{left_of(self.value['deadline_'], self.value['task_'])}"


class TaskGroupPrinter(Printer):
    def to_string(self):
        state = ", cancelled" if self.value["aborting_"] else ""
        return f"task group: {count_of(self.value['size_'], 'task')}{state}"


class TimeoutPrinter(Printer):
    def to_string(self):
        state = "expired" if self.value["expired_"] else "open" if int(self.value["task_"]) else "not entered"
        return f"timeout: {state}{left_of(self.value['deadline_'], self.value['task_'])}"


class AsyncGeneratorPrinter(Printer):
    def to_string(self):
        frame = self.value["frame_"]
        return f"async generator: {words_of(frame['state_']) if int(frame) else 'ended'}"


class GeneratorPrinter(Printer):
    def to_string(self):
        frame = self.value["frame_"]
        if int(frame) == 0:
            return "generator: ended"
        is_at_end = word_at(frame["own_"]["_M_fr_ptr"]) == 0  # where to resume it
        return f"generator: {'ended' if is_at_end else words_of(frame['state_'])}"


class SocketPrinter(Printer):
    """Of what owns a descriptor; of a byte stream, perhaps, a layer instead."""

    def to_string(self):
        name = self.value.type.strip_typedefs().name.rpartition("::")[2]
        record = self.value["handle_"]["record_"]
        if int(record) != 0:
            return f"{name}: descriptor {int(record['number_'])}"
        layer = self.value["layer_"]["_M_ptr"] if gdb.types.has_field(self.value.type, "layer_") else None
        if layer is None or int(layer) == 0:
            return f"{name}: closed"
        return f"{name}: over {class_of(layer)}"


class CoroPrinter(Printer):
    def to_string(self):
        frame = int(self.value["frame_"]["_M_fr_ptr"])
        return f"coroutine at {frame:#x}" if frame else "no coroutine"


class HeadersPrinter(Printer):
    def to_string(self):
        return "headers"

    def children(self):
        text = int(self.value["text_"]["_M_dataplus"]["_M_p"])
        entries = self.value["entries_"]["_M_impl"]
        at, end = entries["_M_start"], entries["_M_finish"]
        memory = gdb.selected_inferior()
        for number in range(min(int(end - at), 1000)):
            entry = (at + number).dereference()
            begin, name, value = (text + int(entry["offset"]), int(entry["name_size"]), int(entry["value_size"]))
            bytes_ = memory.read_memory(begin, min(name + value, 10_000)).tobytes().decode("latin-1") if name + value else ""
            yield printable(bytes_[:name]), printable(bytes_[name:])


class RequestPrinter(Printer):
    """Of a request as a server has got it."""

    def to_string(self):
        return f"request: {characters_of(self.value['request_line_'])}"

    def children(self):
        if int(self.value["headers_"]) != 0:
            yield "headers", self.value["headers_"].dereference()


class ResponsePrinter(Printer):
    """Of a response as a client has got it."""

    def to_string(self):
        exchange = owned(self.value["exchange_"])
        if int(exchange) == 0:
            return "no response"
        target = string_at(int(exchange["target"]["href_"].address))
        return f"response: {int(exchange['head']['status'])} of {printable(target)}, {int(exchange['received'])} bytes received"

    def children(self):
        exchange = owned(self.value["exchange_"])
        if int(exchange) != 0:
            yield "headers", exchange["head"]["fields"]


class ReplyPrinter(Printer):
    def to_string(self):
        return f"reply: {int(self.value['status'])}"

    def children(self):
        yield "headers", self.value["headers"]
        yield "body", self.value["body"]


class BodyPrinter(Printer):
    kinds = ("text", "borrowed text", "part of a file", "stream", "several parts")

    def to_string(self):
        held = int(self.value["content_"]["_M_index"])
        return f"body: {self.kinds[held]}" if held < len(self.kinds) else "body: none"


class UrlPrinter(Printer):
    def to_string(self):
        return printable(string_at(int(self.value["href_"].address)))


def printers():
    all_ = gdb.printing.RegexpCollectionPrettyPrinter("hocket")
    for name, printer in (
        ("any_task", TaskPrinter),
        ("async_generator<.*>", AsyncGeneratorPrinter),
        ("barrier", BarrierPrinter),
        ("basic_queue<.*>", QueuePrinter),
        ("bounded_semaphore", BoundedSemaphorePrinter),
        ("byte_stream|file|tcp_socket|tcp_listener|unix_socket|unix_listener|udp_socket", SocketPrinter),
        ("cancel_scope", CancelScopePrinter),
        ("capacity_limiter", CapacityLimiterPrinter),
        ("condition", ConditionPrinter),
        ("coro<.*>", CoroPrinter),
        ("event", EventPrinter),
        ("future<.*>", RecordPrinter),
        ("generator<.*>", GeneratorPrinter),
        ("http::body", BodyPrinter),
        ("http::headers", HeadersPrinter),
        ("http::reply", ReplyPrinter),
        ("http::request", RequestPrinter),
        ("http::response", ResponsePrinter),
        ("lock", LockPrinter),
        ("semaphore", SemaphorePrinter),
        ("memory_(?:send|receive)_channel<.*>", ChannelEndPrinter),
        ("task<.*>", TaskPrinter),
        ("task_group", TaskGroupPrinter),
        ("timeout", TimeoutPrinter),
        ("url", UrlPrinter),
    ):
        all_.add_printer(name, f"^hocket::(?:{name})$", printer)
    return all_


Hocket()
Tasks()
Chain()
gdb.printing.register_pretty_printer(None, printers(), replace=True)
