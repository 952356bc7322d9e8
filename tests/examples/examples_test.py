"""Runs the example programs as a user does and compares what they print with what their lessons promise.

Usage: examples_test.py DIRECTORY_OF_EXAMPLES HOCKET [unittest's arguments]

The programs sleep for real. All that only sleep are started at once, so that the whole takes as long as the slowest. No
claim rests on how long anything took: times are masked, compared with each other, or bounded by the sleep and by the next slower program.
"""

import http.server
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import lessons_page

EXAMPLES, HOCKET = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
PATIENCE_SECONDS = 120

COMMAND_LINES = (
    "countasync",
    "countsync",
    "rand",
    "mygen",
    "endless",
    "gather_all",
    "as_completed",
    "chess",
    "sync_queue",
    "coop_yield",
    "coop_blocking",
    "green_sleep",
    "microthreads",
    "countdown_sync",
    "countdown",
    "countdown_blocking",
    "countdown_threads",
    "primes_sync",
    "primes_coop",
    "primes_threads",
    "primes_processes",
    "primes_sync 21 23",
    "primes_coop 21 23",
    "primes_threads 21 23",
    "primes_processes 21 23",
    "callback_hell",
    "chained",
    "chained 9 6 3",
    "asyncq",
    "asyncq -p 2 -c 5",
    "asyncq -p 3 -c 2",
    "asyncq --nprod 5 --ncon 100",
)
running = {}
outputs = {}


def setUpModule():
    for line in COMMAND_LINES:
        program, *arguments = line.split()
        running[line] = subprocess.Popen([EXAMPLES / program, *arguments], stdout=subprocess.PIPE, text=True)


def tearDownModule():
    for process in running.values():
        process.kill()
        process.wait()
        process.stdout.close()


def output_of(line):
    """What the program printed, once it has ended well; its lines without their ends."""
    if line not in outputs:
        try:
            text, _ = running[line].communicate(timeout=PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            running[line].kill()
            raise
        if running[line].returncode != 0:
            raise AssertionError(f"{line} ended with {running[line].returncode}")
        outputs[line] = text.splitlines()
    return outputs[line]


def masked(lines):
    """Without the times measured, which have a fraction; the draws have none."""
    return [re.sub(r"\d+\.\d+ seconds", "# seconds", line) for line in lines]


def without_clock(lines):
    return [re.sub(r"\d\d:\d\d:\d\d", "#", line) for line in lines]


def seconds_in(line):
    return float(re.search(r"(\d+\.\d+) seconds", line)[1])


class CountAsync(unittest.TestCase):
    def test_counts_one_three_times_before_any_two(self):
        expected = ["One"] * 3 + ["Two"] * 3 + ["countasync executed in # seconds."]
        self.assertEqual(masked(output_of("countasync")), expected)

    def test_waits_for_its_second(self):
        self.assertGreaterEqual(seconds_in(output_of("countasync")[-1]), 1.0)


class CountSync(unittest.TestCase):
    def test_counts_two_before_the_next_one(self):
        expected = ["One", "Two"] * 3 + ["countsync executed in # seconds."]
        self.assertEqual(masked(output_of("countsync")), expected)

    def test_waits_for_three_seconds(self):
        self.assertGreaterEqual(seconds_in(output_of("countsync")[-1]), 3.0)


class Rand(unittest.TestCase):
    """The order of two that wake in the same second is open."""

    CYAN, RED, MAGENTA, END = "\033[36m", "\033[91m", "\033[35m", "\033[0m"

    def lines_in(self, colour):
        return [line[len(colour):] for line in output_of("rand") if line.startswith(colour)]

    def test_starts_each_in_its_colour_before_any_draws_again(self):
        self.assertEqual(output_of("rand")[:6], [
            self.CYAN + "Initiated makerandom(0).",
            self.CYAN + "makerandom(0) == 9 too low; retrying.",
            self.RED + "Initiated makerandom(1).",
            self.RED + "makerandom(1) == 0 too low; retrying.",
            self.MAGENTA + "Initiated makerandom(2).",
            self.MAGENTA + "makerandom(2) == 3 too low; retrying.",
        ])

    def test_draws_the_same_numbers_in_every_run(self):
        self.assertEqual([re.findall(r"== (\d+)", "".join(self.lines_in(colour)))
                          for colour in (self.CYAN, self.RED, self.MAGENTA)],
                         [["9", "4", "0", "2", "1", "10"], ["0", "1", "10"], ["3", "4", "9"]])

    def test_ends_the_colour_with_the_draw_above_the_threshold(self):
        self.assertEqual([self.lines_in(colour)[-1] for colour in (self.CYAN, self.RED, self.MAGENTA)],
                         [f"---> Finished: makerandom({idx}) == {i}{self.END}" for idx, i in enumerate((10, 10, 9))])

    def test_gives_the_results_in_the_order_of_the_arguments(self):
        self.assertEqual(output_of("rand")[-2:], ["", "r1: 10, r2: 10, r3: 9"])


class MyGen(unittest.TestCase):
    def test_collects_the_powers_of_two_and_some_of_them(self):
        self.assertEqual(output_of("mygen"),
                         ["[1, 2, 4, 8, 16, 32, 64, 128, 256, 512]", "[1, 2, 16, 32, 256, 512]"])


class Endless(unittest.TestCase):
    def test_goes_on_after_a_break_with_the_value_that_comes_next(self):
        self.assertEqual(output_of("endless"), ["9 8 7 6 9 8 7 6 9 8 7 6 9 8 ", "7 6 9 "])


class GatherAll(unittest.TestCase):
    def test_gives_all_results_in_the_order_of_the_arguments_once_all_have_ended(self):
        self.assertEqual(without_clock(output_of("gather_all")),
                         ["Start: #", "End: #", "Both tasks done: True", "[[1, 2, 3], [0, 5, 10]]"])


class AsCompleted(unittest.TestCase):
    def test_gives_the_results_in_the_order_in_which_the_tasks_end(self):
        self.assertEqual(without_clock(output_of("as_completed")), [
            "Start: #", "res: [1, 2, 3] completed at #", "res: [0, 5, 10] completed at #", "End: #",
            "Both tasks done: True"])


class Chess(unittest.TestCase):
    def test_takes_twelve_hours_or_one(self):
        self.assertEqual(output_of("chess"), ["Synchronous version: 12 h 0 min", "Asynchronous version: 1 h 0 min"])


class SyncQueue(unittest.TestCase):
    def test_leaves_nothing_to_the_second_task(self):
        expected = []
        for count in (15, 10, 5, 2):
            expected += ["Task One running"] * count + [f"Task One total: {count}"]
        self.assertEqual(output_of("sync_queue"), expected + ["Task Two nothing to do"])


class CoopYield(unittest.TestCase):
    def test_takes_turns_so_that_each_task_does_two_of_the_four_works(self):
        one, two = ["Task One running"], ["Task Two running"]
        expected = (one + two) * 10 + one + ["Task Two total: 10"] + two + (one + two) * 4
        expected += ["Task One total: 15"] + one + ["Task Two total: 5"] + one + ["Task One total: 2"]
        self.assertEqual(output_of("coop_yield"), expected)


class CoopBlocking(unittest.TestCase):
    def elapsed(self):
        return [float(line.split(": ")[1]) for line in output_of("coop_blocking") if "elapsed" in line]

    def test_takes_turns_as_without_the_sleep(self):
        self.assertEqual([line for line in output_of("coop_blocking") if line and "elapsed" not in line],
                         output_of("coop_yield"))

    def test_tells_the_time_of_each_work_and_of_all(self):
        lines = output_of("coop_blocking")
        told = [(before, re.sub(r"\d+\.\d$", "#", line)) for before, line in zip(lines, lines[1:]) if "elapsed" in line]
        self.assertEqual(told, [
            ("Task Two total: 10", "Task Two total elapsed time: #"),
            ("Task One total: 15", "Task One total elapsed time: #"),
            ("Task Two total: 5", "Task Two total elapsed time: #"),
            ("Task One total: 2", "Task One total elapsed time: #"),
            ("", "Total elapsed time: #"),
        ])

    def test_the_sleeps_of_both_tasks_add_up(self):
        self.assertGreaterEqual(self.elapsed()[-1], 32)

    def test_each_work_waits_for_the_sleeps_of_the_other_task_too(self):
        self.assertGreater(self.elapsed()[1], 15 + 10)


class GreenSleep(unittest.TestCase):
    def test_both_tasks_begin_at_once_and_take_turns(self):
        self.assertEqual(output_of("green_sleep")[:4], ["Task One running", "Task Two running"] * 2)

    def test_does_the_same_work(self):
        totals = sorted(line for line in output_of("green_sleep") if "total: " in line)
        self.assertEqual(totals, ["Task One total: 15", "Task One total: 2", "Task Two total: 10", "Task Two total: 5"])

    def test_each_sleeps_while_the_other_does(self):
        lines = [line for line in output_of("green_sleep") if "running" in line]
        self.assertEqual(lines[:20], ["Task One running", "Task Two running"] * 10)


class Microthreads(unittest.TestCase):
    def test_each_item_passes_through_both_channels_in_order(self):
        lines = output_of("microthreads")
        for who, seen in (("Ping has", (1, 2, 3)), ("Pong has", (10, 20, 30)), ("out comes", (100, 200, 300))):
            self.assertEqual([line for line in lines if line.startswith(who)], [f"{who} {item}" for item in seen])

    def test_nobody_is_left_at_a_channel(self):
        self.assertEqual(output_of("microthreads")[-1], "who waits at a channel now: 0")


class LessonsPage(unittest.TestCase):
    """What docs/lessons.md says that programs take."""

    HERE = ("A queue of work", "Three count-downs")
    ELSEWHERE = ("Pages from the network", "Three poems")  # web_examples_test.py, poetry_examples_test.py

    def test_every_table_is_held_against_a_run(self):
        self.assertEqual(sorted(lessons_page.tables()), sorted(self.HERE + self.ELSEWHERE))

    def test_each_program_takes_what_the_page_says(self):
        for heading in self.HERE:
            for program in lessons_page.tables()[heading]:
                with self.subTest(program):
                    told = max(float(number) for line in output_of(program) for number in re.findall(r"\d+\.\d+", line))
                    lessons_page.check(self, heading, program, told)


class CountDownClaims:
    DELAYS = {"A": 1.0, "B": 0.8, "C": 0.5}

    def setUp(self):
        lines = output_of(self.program)
        self.rules, self.last, self.counts = lines[::2], lines[-1], lines[1:-1:2]

    def counts_without_time(self):
        return [re.sub(r"^\d+\.\d{4} ", "", line) for line in self.counts]

    def counted(self):
        return [line.split("\t")[-1] for line in self.counts]

    def test_draws_a_line_above_everything_that_it_says(self):
        self.assertEqual((set(self.rules), len(self.rules), self.last), ({"-" * 40}, 10, "Done."))

    def test_each_letter_counts_down_in_its_column(self):
        for column, letter in enumerate("ABC"):
            mine = [line for line in self.counts_without_time() if letter in line]
            self.assertEqual(mine, ["\t" + "\t" * column + f"{letter} = {n}" for n in (3, 2, 1)])

    def test_each_letter_waits_before_each_number(self):
        for line in self.counts:
            letter, n = line[-5], int(line[-1])
            self.assertGreaterEqual(float(line.split(" ")[0]), round((4 - n) * self.DELAYS[letter], 1))


class OneAfterAnother(CountDownClaims):
    def test_a_letter_begins_when_the_one_before_has_ended(self):
        self.assertEqual(self.counted(), [f"{letter} = {n}" for letter in "ABC" for n in (3, 2, 1)])

    def test_takes_the_sum_of_all_delays(self):
        self.assertGreaterEqual(float(self.counts[-1].split(" ")[0]), 6.9)


class CountDownSync(OneAfterAnother, unittest.TestCase):
    program = "countdown_sync"


class CountDown(CountDownClaims, unittest.TestCase):
    program = "countdown"

    def test_the_shorter_a_delay_the_sooner_its_first_number(self):
        self.assertEqual([line for line in self.counted() if line.endswith("3")], ["C = 3", "B = 3", "A = 3"])


class CountDownBlocking(OneAfterAnother, unittest.TestCase):
    program = "countdown_blocking"


class CountDownThreads(CountDownClaims, unittest.TestCase):
    program = "countdown_threads"

    def test_every_letter_begins_before_the_slowest_has_ended(self):
        for first in ("B = 3", "C = 3"):
            self.assertLess(self.counted().index(first), self.counted().index("A = 1"))


class Primes(unittest.TestCase):
    LARGE, MIDDLE, SMALL = 9637529763296797, 427920331, 157

    def test_the_plain_program_checks_one_number_after_another(self):
        expected = []
        for x in (self.LARGE, self.MIDDLE, self.SMALL):
            expected += [f"Processing {x}...", f"{x} is a prime number."]
        self.assertEqual(masked(output_of("primes_sync")), expected + ["Took # seconds."])

    def test_the_cooperative_program_ends_with_the_number_with_which_it_began(self):
        self.assertEqual(masked(output_of("primes_coop")), [
            f"Processing {self.LARGE}...",
            f"Processing {self.MIDDLE}...",
            f"{self.MIDDLE} is a prime number.",
            f"Processing {self.SMALL}...",
            f"{self.SMALL} is a prime number.",
            f"{self.LARGE} is a prime number.",
            "Took # seconds.",
        ])

    def check_parallel(self, program):
        lines = masked(output_of(program))
        for x in (self.LARGE, self.MIDDLE, self.SMALL):
            self.assertEqual([line for line in lines if str(x) in line], [f"Processing {x}...", f"{x} is a prime number."])
        self.assertEqual(lines[6:], ["Took # seconds."])
        self.assertEqual(lines[5], f"{self.LARGE} is a prime number.")

    def test_other_numbers_may_be_given(self):
        for program in ("primes_sync", "primes_coop", "primes_threads", "primes_processes"):
            lines = output_of(f"{program} 21 23")
            self.assertIn("21 is not a prime number.", lines)
            self.assertIn("23 is a prime number.", lines)

    def test_with_threads_the_large_number_comes_last(self):
        self.check_parallel("primes_threads")

    def test_with_processes_the_large_number_comes_last(self):
        self.check_parallel("primes_processes")


class CallbackHell(unittest.TestCase):
    def test_an_error_reaches_who_began_unless_it_is_thrown_among_callbacks(self):
        self.assertEqual(output_of("callback_hell"), """\
callbacks that throw:
  a done
  b done
  the loop got 'c failed', who began got nothing
callbacks that hand errors on:
  a done
  b done
  who began got 'c failed'
coroutines:
  a done
  b done
  who began got 'c failed'""".splitlines())


class Chained(unittest.TestCase):
    def test_hands_the_result_of_part1_to_part2_while_other_chains_sleep(self):
        self.assertEqual(masked(output_of("chained 9 6 3")), """\
part1(9) sleeping for 2 seconds.
part1(6) sleeping for 7 seconds.
part1(3) sleeping for 0 seconds.
Returning part1(3) == result3-1.
part2(3, 'result3-1') sleeping for 1 seconds.
Returning part2(3, 'result3-1') == result3-2 derived from result3-1.
-->Chained result3 => result3-2 derived from result3-1 (took # seconds).
Returning part1(9) == result9-1.
part2(9, 'result9-1') sleeping for 10 seconds.
Returning part1(6) == result6-1.
part2(6, 'result6-1') sleeping for 1 seconds.
Returning part2(6, 'result6-1') == result6-2 derived from result6-1.
-->Chained result6 => result6-2 derived from result6-1 (took # seconds).
Returning part2(9, 'result9-1') == result9-2 derived from result9-1.
-->Chained result9 => result9-2 derived from result9-1 (took # seconds).
Program finished in # seconds.""".splitlines())

    def test_chains_1_2_and_3_unless_told_otherwise(self):
        started = [line for line in output_of("chained") if line.startswith("part1")]
        self.assertEqual([line.split(" ")[0] for line in started], ["part1(1)", "part1(2)", "part1(3)"])

    def test_takes_as_long_as_its_longest_chain_not_as_all_together(self):
        lines = output_of("chained 9 6 3")
        chains = [seconds_in(line) for line in lines if line.startswith("-->Chained")]
        self.assertGreaterEqual(seconds_in(lines[-1]), max(chains))
        self.assertLess(seconds_in(lines[-1]), sum(chains))


class Interrupted(unittest.TestCase):
    """SIGINT ends a program whose main() only calls run, and by that signal, so that a shell's loop ends, too."""

    @classmethod
    def setUpClass(cls):
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a program must not inherit it ignored
        with subprocess.Popen([EXAMPLES / "chained", "9", "6", "3"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                              text=True) as process:
            while process.poll() is None and not cls.handles_sigint(process.pid):
                time.sleep(0.01)
            process.send_signal(signal.SIGINT)
            _, cls.said = process.communicate(timeout=PATIENCE_SECONDS)
            cls.status = process.returncode

    @staticmethod
    def handles_sigint(pid):
        caught = re.search(r"SigCgt:\s*(\w+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1]
        return int(caught, 16) >> (signal.SIGINT - 1) & 1

    def test_ends_by_the_signal(self):
        self.assertEqual(self.status, -signal.SIGINT)

    def test_says_nothing(self):
        self.assertEqual(self.said, "")


class QueueClaims:
    """What holds for any number of producers and consumers; the order of ties is open."""

    def setUp(self):
        self.lines = output_of(self.command_line)
        self.text = "\n".join(self.lines)
        self.added = re.findall(r"added <(\w+)>", self.text)

    def test_says_only_what_the_lesson_says(self):
        patterns = "|".join((
            r"(Producer|Consumer) \d+ sleeping for (\d|10) seconds\.",
            r"Producer \d+ added <[0-9a-f]{10}> to queue\.",
            r"Consumer \d+ got element <[0-9a-f]{10}> in \d+\.\d{5} seconds\.",
            r"Program completed in \d+\.\d{5} seconds\.",
        ))
        self.assertEqual([line for line in self.lines if not re.fullmatch(patterns, line)], [])

    def test_starts_all_producers_and_then_all_consumers(self):
        begun = [line.split(" sleeping")[0] for line in self.lines if " sleeping" in line]
        producers = [f"Producer {n}" for n in range(self.producers)]
        consumers = [f"Consumer {n}" for n in range(self.consumers)]
        self.assertEqual(begun[:self.producers + self.consumers], producers + consumers)

    def test_adds_no_item_twice(self):
        self.assertGreater(len(self.added), self.producers)
        self.assertEqual(len(set(self.added)), len(self.added))

    def test_every_item_added_is_got_exactly_once(self):
        self.assertEqual(sorted(re.findall(r"got element <(\w+)>", self.text)), sorted(self.added))

    def test_an_item_is_got_after_it_was_added(self):
        for item in self.added:
            self.assertLess(self.text.index(f"added <{item}>"), self.text.index(f"got element <{item}>"))

    def test_completes_once_the_queue_is_worked_off(self):
        ends = [number for number, line in enumerate(self.lines) if line.startswith("Program completed in ")]
        self.assertEqual(ends, [len(self.lines) - 1])


class AsyncQueue(QueueClaims, unittest.TestCase):
    command_line, producers, consumers = "asyncq", 5, 10


class AsyncQueueOfSevenTasks(QueueClaims, unittest.TestCase):
    command_line, producers, consumers = "asyncq -p 2 -c 5", 2, 5


class AsyncQueueOfFewConsumers(QueueClaims, unittest.TestCase):
    """Items are left in the queue when the last producer has ended."""

    command_line, producers, consumers = "asyncq -p 3 -c 2", 3, 2


class AsyncQueueOfManyConsumers(QueueClaims, unittest.TestCase):
    command_line, producers, consumers = "asyncq --nprod 5 --ncon 100", 5, 100


class AnswerTogether(http.server.BaseHTTPRequestHandler):
    """Answers no request before all that it expects are there."""

    expected = threading.Barrier(5)

    def do_GET(self):
        try:
            self.expected.wait(PATIENCE_SECONDS / 4)
        except threading.BrokenBarrierError:
            self.send_error(503)
            return
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class AsyncRequests(unittest.TestCase):
    PAGES = {
        "index.html": '''<!DOCTYPE html>
<html><head><link rel="stylesheet" href="style.css"></head>
<body><a href="docs/">a folder</a> <a href="docs/">twice</a> <a href="#top">up</a> <a href="">here</a>
<a href="?page=2">query</a> <a href="//other.example/x">other host</a> <a href="mailto:me@example.org">mail</a>
<svg><use href="icons.svg#arrow"/></svg> <!-- <a href="commented.html"> -->
<a href='single.html'>single quotes</a> <a href = "blanks.html">blanks</a> <a href="two
lines.html">two lines</a> <a href="http://[broken/">broken</a> <a href="unterminated.html''',
        "docs/index.html": '<a href="../index.html">up</a> <a href="deep/er.html">down</a>',
        "empty.txt": "",
    }

    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(directory.cleanup)
        cls.folder = pathlib.Path(directory.name)
        for name, text in cls.PAGES.items():
            (cls.folder / "site" / name).parent.mkdir(parents=True, exist_ok=True)
            (cls.folder / "site" / name).write_text(text)
        cls.site = cls.serve(cls.folder / "site")
        cls.refusing = cls.reserve_port_that_refuses()
        cls.urls = [cls.site, cls.site + "missing.html", cls.site + "docs/", cls.site + "empty.txt", cls.refusing]
        (cls.folder / "urls.txt").write_text("".join(f"{url}\n" for url in cls.urls))
        cls.ended = cls.run_areq()
        cls.log = cls.ended.stderr.splitlines()
        cls.rows = (cls.folder / "foundurls.txt").read_text().splitlines()

    @classmethod
    def serve(cls, site):
        server = subprocess.Popen([HOCKET, "serve", site, "--port", "0", "--quiet"], stdout=subprocess.PIPE, text=True)
        cls.addClassCleanup(server.stdout.close)
        cls.addClassCleanup(server.wait)
        cls.addClassCleanup(server.kill)
        return re.search(r"http://\S+", server.stdout.readline())[0]

    @classmethod
    def reserve_port_that_refuses(cls):
        bound = socket.socket()
        cls.addClassCleanup(bound.close)
        bound.bind(("127.0.0.1", 0))  # taken, but nobody listens
        return f"http://127.0.0.1:{bound.getsockname()[1]}/"

    @classmethod
    def run_areq(cls, *arguments):
        return subprocess.run([EXAMPLES / "areq", *arguments], cwd=cls.folder, stderr=subprocess.PIPE, text=True,
                              timeout=PATIENCE_SECONDS)

    def messages_about(self, url):
        """The log without its times, in order."""
        about = re.compile(r"\d\d:\d\d:\d\d (.*[ ]" + re.escape(url) + r"(?: .*)?)")
        return [match[1] for match in map(about.fullmatch, self.log) if match]

    def test_ends_well_although_some_pages_failed(self):
        self.assertEqual(self.ended.returncode, 0)

    def test_writes_a_header_and_then_a_row_for_each_link_in_double_quotes(self):
        links_of_index = ("", "#top", "?page=2", "commented.html", "docs/", "icons.svg#arrow", "style.css")
        expected = [f"{self.site}\t{self.site}{link}" for link in links_of_index]
        expected += [f"{self.site}\t{link}" for link in ("http://other.example/x", "mailto:me@example.org")]
        expected += [f"{self.site}docs/\t{self.site}{link}" for link in ("index.html", "docs/deep/er.html")]
        self.assertEqual(self.rows[0], "source_url\tparsed_url")
        self.assertEqual(sorted(self.rows[1:]), sorted(expected))

    def test_logs_the_response_then_the_links_then_the_rows_written(self):
        self.assertEqual(self.messages_about(self.site), [
            f"INFO:areq: Got response [200] for URL: {self.site}",
            f"INFO:areq: Found 9 links for {self.site}",
            f"INFO:areq: Wrote results for source URL: {self.site}",
        ])

    def test_writes_nothing_for_a_page_without_links(self):
        self.assertEqual(self.messages_about(self.site + "empty.txt"), [
            f"INFO:areq: Got response [200] for URL: {self.site}empty.txt",
            f"INFO:areq: Found 0 links for {self.site}empty.txt",
        ])

    def test_logs_a_404_and_nothing_else_for_that_page(self):
        missing = self.site + "missing.html"
        self.assertEqual(self.messages_about(missing),
                         [f"ERROR:areq: hocket exception for {missing} [404]: Not Found"])

    def test_logs_a_refused_connection(self):
        (message,) = self.messages_about(self.refusing)
        self.assertRegex(message, re.escape(f"ERROR:areq: hocket exception for {self.refusing} [None]: ")
                         + ".*Connection refused")

    def test_logs_a_link_that_is_no_url(self):
        self.assertEqual(self.messages_about("http://[broken/"), ["ERROR:areq: Error parsing URL: http://[broken/"])

    def test_asks_for_a_page_listed_twice_only_once(self):
        (self.folder / "twice.txt").write_text(f"{self.site}docs/\n  {self.site}docs/  \n\n")
        self.run_areq("twice.txt", "found_twice.txt")
        self.assertEqual(len((self.folder / "found_twice.txt").read_text().splitlines()), 3)

    def test_asks_for_all_pages_at_once(self):
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), AnswerTogether) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            pages = (f"http://127.0.0.1:{server.server_port}/{n}\n" for n in range(AnswerTogether.expected.parties))
            (self.folder / "five.txt").write_text("".join(pages))
            log = self.run_areq("five.txt", "found_five.txt").stderr
            server.shutdown()
        self.assertEqual(log.count("Got response [200]"), 5, log)

    def test_says_which_file_it_cannot_open(self):
        ended = self.run_areq("nowhere.txt", "found_nowhere.txt")
        self.assertEqual(ended.stderr, "areq: cannot open 'nowhere.txt': No such file or directory\n")
        self.assertEqual(ended.returncode, 1)
        self.assertFalse((self.folder / "found_nowhere.txt").exists())


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
