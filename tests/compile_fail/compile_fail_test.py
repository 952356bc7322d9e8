"""Compiles every misuse in this folder and its corrected twin: python3 compile_fail_test.py COMPILER [FLAG ...]

CASE.cpp must be refused, with an error that holds the words of its line `// expect: WORDS`; CASE.corrected.cpp beside it must
pass, so that no case is refused for another reason. A case with `// found by: clang-tidy` compiles and is refused by that.
"""

import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys

FOLDER = pathlib.Path(__file__).resolve().parent
COMPILE = [*sys.argv[1:], "-fsyntax-only", "-fno-color-diagnostics"]
TIDY = shutil.which("clang-tidy-22")


def told(source, key):
    line = re.search(rf"^// {key}: (.*)$", source.read_text(), re.MULTILINE)
    return line and line[1]


def run(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode == 0, done.stdout


def check(source, by_tidy):
    passes, output = run([*COMPILE, source])
    if not passes or not by_tidy:
        return passes, output
    return run([TIDY, "--quiet", "--header-filter=^$", source, "--", *COMPILE[1:]])


def problem_of(case):
    twin = case.with_suffix(".corrected.cpp")
    words = told(case, "expect")
    by_tidy = told(case, "found by") == "clang-tidy"
    if not words or not twin.exists():
        return "has no line '// expect:' or no corrected twin"
    if by_tidy and not TIDY:
        return None
    if by_tidy and not run([*COMPILE, case])[0]:
        return "is refused by the compiler already"
    passes, output = check(case, by_tidy)
    if passes:
        return "is accepted"
    if words not in output:
        return f"is refused, but not with '{words}':\n{output}"
    passes, output = check(twin, by_tidy)
    if not passes:
        return f"is refused when corrected:\n{output}"
    return None


def main():
    cases = sorted(path for path in FOLDER.glob("*.cpp") if not path.name.endswith(".corrected.cpp"))
    if not TIDY:
        print("SKIPPED: clang-tidy-22 is not here; what only it finds was not tried")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        problems = list(pool.map(problem_of, cases))
    for case, problem in zip(cases, problems):
        if problem:
            print(f"{case.name} {problem}")
    print(f"{len(cases)} cases, {sum(map(bool, problems))} failed")
    sys.exit(1 if any(problems) or not cases else 0)


main()
