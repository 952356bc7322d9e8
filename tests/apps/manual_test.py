#!/usr/bin/env python3
"""Holds the man pages and the shells' completions to what the hocket program says of itself by --help.

Usage: manual_test.py HOCKET [unittest options]
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import typing
import unittest

HOCKET = None
APP = pathlib.Path(__file__).resolve().parents[2] / "apps/hocket"
MAN = APP / "man"
COMPLETIONS = APP / "completions"
BASH = COMPLETIONS / "hocket.bash"
FISH = COMPLETIONS / "hocket.fish"
ZSH = COMPLETIONS / "_hocket"


class Option(typing.NamedTuple):
    short: str  # "-q", or empty
    value: str  # what stands for the value: "FILE", "auto|always|never"; empty for a flag
    default: str  # or empty

    @property
    def choices(self):
        return set(self.value.split("|")) if "|" in self.value else set()


def output_of(*command):
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True, timeout=60).stdout


def block(title, command):
    """The lines under a title of a help page: "Options", "Subcommands"."""
    found = re.search(rf"^{title}:\n((?:  .*\n?)+)", output_of(HOCKET, *command.split(), "--help"), re.M)
    return found[1].splitlines() if found else []


def commands():
    return [line.split()[0] for line in block("Subcommands", "")]


def options_of(command):
    """What --help lists, by long name: "--out". The command is empty for the program itself."""
    found = {}
    for line in block("Options", command):
        option = re.match(r"  (?:(-\w),)?(--[\w-]+)(?: (.*?))?(?:  |$)", line)
        if option:
            rest = re.sub(r"\s*(?:Excludes|Needs|REQUIRED)\b.*", "", option[3] or "")
            default = rest.rpartition("=")[2] if "=" in rest else ""
            found[option[2]] = Option(option[1] or "", re.split("[:= ]", rest)[0], default)
    return found


class Help(unittest.TestCase):
    def test_is_read_as_it_is_meant(self):
        self.assertEqual(commands(), ["crawl", "get", "graph", "patch", "ps", "pstree", "report", "serve", "top"])
        crawl = options_of("crawl")
        self.assertEqual(crawl["--out"], Option("", "DIR", "out"))
        self.assertEqual(crawl["--concurrency"], Option("", "N", "100"))
        self.assertEqual(crawl["--max-body"], Option("", "SIZE", "10MiB"))
        self.assertEqual(crawl["--progress"].choices, {"auto", "always", "never"})
        self.assertEqual(crawl["--quiet"], Option("-q", "", ""))
        self.assertEqual(options_of("")["--version"], Option("", "", ""))


def page_of(command):
    return (MAN / ("hocket.1" if not command else f"hocket-{command}.1")).read_text(encoding="utf-8").replace("\\-", "-")


def entries_of(page):
    """The options that a page explains, by long name: the line that names one, and the text below."""
    found = {}
    for entry in re.split(r"^\.It ", page, flags=re.M)[1:]:
        head, _, text = entry.partition("\n")
        name = re.search(r"Fl -([\w-]+)", head)
        if name:
            found["--" + name[1]] = (head, re.split(r"^\.El", text, flags=re.M)[0])
    return found


class ManPages(unittest.TestCase):
    def each(self):
        return [(options_of(command), page_of(command)) for command in ["", *commands()]]

    def test_explain_each_option_and_no_other(self):
        for options, page in self.each():
            self.assertEqual(set(entries_of(page)), set(options))

    def test_name_no_option_that_is_not(self):
        for options, page in self.each():
            self.assertLessEqual({"-" + name for name in re.findall(r"(?:Fl|\|) (-[a-z][\w-]*)", page)}, set(options))
            short = {option.short for option in options.values()}
            self.assertLessEqual({"-" + name for name in re.findall(r"\bFl (\w)\b", page)}, short)
            examples = re.findall(r"^\.Dl (hocket .*)", page, re.M)
            self.assertLessEqual({name for line in examples for name in re.findall(r"--[\w-]+", line)}, set(options))

    def test_show_which_options_take_a_value_which_are_short_and_what_the_default_is(self):
        for options, page in self.each():
            entries = entries_of(page)
            for name, option in options.items():
                with self.subTest(option=name):
                    head, text = entries[name]
                    self.assertEqual(bool(re.search(r" (?:Ar|Cm) ", head)), bool(option.value))
                    self.assertEqual(bool(re.search(rf"^Fl {option.short[1:]} , ", head)), bool(option.short))
                    if option.choices:
                        self.assertEqual(set(head.partition(" Cm ")[2].split(" | ")), option.choices)
                    if option.default:
                        self.assertRegex(text, rf"(?i)\bdefault(?: is|,)\s{re.escape(option.default)}(?![\w])")

    def test_tell_each_exit_code(self):
        enumeration = re.search(r"enum exit_code .*?\{(.*?)\}", (APP / "command.hpp").read_text(encoding="utf-8"), re.S)[1]
        declared = dict(re.findall(r"(\w+) = (\d+)", enumeration))
        as_env = [declared.pop("not_executable"), declared.pop("not_found")]  # where the rest is for the program to say
        for command in ["", *commands()]:
            expected = [declared["wrong_usage"], *as_env] if command == "patch" else list(declared.values())
            self.assertEqual(re.findall(r"^\.It (\d+)$", page_of(command), re.M), expected, command)

    def test_have_one_for_each_command_which_the_first_page_names(self):
        self.assertEqual({path.name for path in MAN.iterdir()}, {"hocket.1", *(f"hocket-{name}.1" for name in commands())})
        self.assertEqual(re.findall(r"^\.It Cm (\w+)", page_of(""), re.M), commands())


def words_in(command, options):
    """What a shell is to know at a command: its options."""
    names = set(options) | {option.short for option in options.values() if option.short}
    return names if command else names | set(commands())


class BashCompletion(unittest.TestCase):
    def complete(self, *words, cwd=None):
        """What is offered for the last word."""
        script = f'source {BASH}; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _hocket; printf "%s\\n" "${{COMPREPLY[@]}}"'
        answer = subprocess.run(
            ["bash", "--norc", "-c", script, "bash", "hocket", *words], cwd=cwd, capture_output=True, text=True, timeout=60
        )
        self.assertEqual((answer.returncode, answer.stderr), (0, ""))
        return set(answer.stdout.split())

    def test_offers_each_option_and_no_other(self):
        self.assertEqual(self.complete(""), words_in("", options_of("")))
        for command in commands():
            self.assertEqual(self.complete(command, "-"), words_in(command, options_of(command)), command)

    def test_offers_the_choices_of_an_option_and_no_options_for_a_value(self):
        for command in commands():
            for name, option in options_of(command).items():
                with self.subTest(command=command, option=name), tempfile.TemporaryDirectory() as empty:
                    if option.value:
                        self.assertEqual(self.complete(command, name, "", cwd=empty), option.choices)
                        self.assertEqual(self.complete(command, name, "=", cwd=empty), option.choices)
                        self.assertEqual(self.complete(command, name, "=", "-", cwd=empty), set())

    def test_offers_directories_to_serve(self):
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(os.path.join(folder, "site"))
            pathlib.Path(folder, "file").touch()
            self.assertEqual(self.complete("serve", "", cwd=folder), {"site"})
            self.assertEqual(self.complete("crawl", "--out", "s", cwd=folder), {"site"})
            self.assertEqual(self.complete("crawl", "--seeds", "f", cwd=folder), {"file"})


class FishCompletion(unittest.TestCase):
    def lines(self, command):
        """What is declared, for a command or for the program itself."""
        for line in FISH.read_text(encoding="utf-8").splitlines():
            condition = re.match(r"complete -c hocket(?: -n (\S+))?", line)
            if condition and condition[1] in (["$" + command, None] if command else ["__fish_use_subcommand", None]):
                yield line

    def test_declares_each_option_and_no_other(self):
        for command in ["", *commands()]:
            with self.subTest(command=command):
                declared = {}
                for line in self.lines(command):
                    name = re.search(r" -l ([\w-]+)", line)
                    if name:
                        short = re.search(r" -s (\w)", line)
                        choices = re.search(r" -a '([\w ]+)'", line)
                        declared["--" + name[1]] = (
                            "-" + short[1] if short else "",
                            bool(re.search(r" -[xr]\b", line)),
                            set(choices[1].split()) if choices else set(),
                        )
                expected = {n: (o.short, bool(o.value), o.choices) for n, o in options_of(command).items()}
                self.assertEqual(declared, expected)

    def test_declares_each_command(self):
        declared = [found[1] for line in self.lines("") if (found := re.search(r" -a (\w+)", line))]
        self.assertEqual(declared, commands())

    @unittest.skipUnless(shutil.which("fish"), "there is no fish here")
    def test_is_understood_by_fish(self):
        for command in ["", *commands()]:
            asked = f"source {FISH}; complete -C 'hocket {command} -'"
            offered = {line.split("\t")[0] for line in output_of("fish", "--no-config", "-c", asked).splitlines()}
            options = options_of(command)
            self.assertEqual(offered, set(options) | {o.short for o in options.values() if o.short}, command)


class ZshCompletion(unittest.TestCase):
    def test_declares_each_option_and_no_other(self):
        text = ZSH.read_text(encoding="utf-8")
        for command in ["", *commands()]:
            with self.subTest(command=command):
                name = f"_hocket_{command}" if command else "_hocket"
                body = re.search(rf"^{name}\(\) {{\n(.*?)^}}", text, re.M | re.S)[1]
                declared = {}
                for line in body.splitlines():
                    option = re.match(r"""\s+(?:'(?:\([^)]*\)|\*)')?(?:'(?:\([^)]*\))?|{(-\w),)(--[\w-]+)(?:}')?(=?)\[[^]]*\](?::\w*:\(([\w ]+)\))?""", line)
                    if option:
                        declared[option[2]] = (option[1] or "", bool(option[3]), set((option[4] or "").split()))
                self.assertEqual(declared, {n: (o.short, bool(o.value), o.choices) for n, o in options_of(command).items()})

    def test_declares_each_command(self):
        listed = re.search(r"commands=\((.*)\)$", ZSH.read_text(encoding="utf-8"), re.M)[1]
        self.assertEqual(re.findall(r"['\"](\w+):", listed), commands())


def main():
    global HOCKET
    if len(sys.argv) < 2 or not os.access(sys.argv[1], os.X_OK):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    HOCKET = os.path.abspath(sys.argv.pop(1))
    unittest.main()


if __name__ == "__main__":
    sys.exit(main())
