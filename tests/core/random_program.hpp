#pragma once

#include <memory>
#include <random>
#include <string>
#include <vector>

// Random programs of everything that cancellation has to do with. A program is data; `program_interpreter` runs it on
// anything that has hocket's vocabulary.

namespace random_program {

struct block;

enum class action {
  sleep,           // a milliseconds
  spawn,           // task a, detached
  spawn_in_group,  // task a, in group b
  join,            // task a
  cancel,          // task a
  uncancel,        // task a
  cancel_later,    // task a, from a timer after b milliseconds
  wait_future,     // future a
  set_future,      // future a
  cancel_future,   // future a
  fail,            // throws
  cancelling,      // notes the requests of its own task
  with_timeout,    // of a milliseconds, number b: body
  reschedule,      // time-out a, to b milliseconds from now
  scope,           // number b, deadline in a milliseconds: body
  endless_scope,   // number b, without deadline: body
  shield,          // number b: body
  cancel_scope,    // number a
  group,           // number b: body
  cancel_group,    // number a
  swallow,         // body; swallows `cancelled`
  swallow_all,     // body; swallows everything
  clean_up,        // body; when it is cancelled, cleanup, and passes it on
};

struct step {
  action what;
  int number;  // of this step, unique in the program
  int a = 0;
  int b = 0;
  std::shared_ptr<block> body{};
  std::shared_ptr<block> cleanup{};
};

struct block {
  std::vector<step> steps;
};

struct program {
  std::vector<block> tasks;  // the first is the main task; a task spawns only tasks of higher numbers
  int futures = 0;
  int places = 0;  // of time-outs, scopes and groups, which are numbered together
};

/// The same seed makes the same program everywhere.
program generate(unsigned seed);

/// The program as text, one step a line.
std::string to_text(const program& what);

}  // namespace random_program
