#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <hocket/inspect/memory.hpp>

namespace hocket::inspect {

/// Where a coroutine awaits, or where its function stands if it has not begun.
struct place {
  std::string function;  // as frame_call_graph_entry::function
  std::string file;
  std::uint32_t line = 0;
};

enum class task_state : std::uint8_t {
  running,  // its coroutine, or what that calls, runs now
  ready,    // its next step is due
  waiting,
};

/// What a task waits for.
struct wait {
  std::string kind;                              // "sleep", "receive", "queue get"
  std::optional<std::chrono::nanoseconds> left;  // of a sleep
  std::optional<int> descriptor;                 // of I/O
  std::optional<std::uint32_t> awaited;          // an index of its loop's `tasks`, if it is one of them
  std::optional<address> object;                 // in whose line it stands: the queue, lock, event that is waited for
  std::optional<std::uint32_t> held_by;          // the same, of the task that holds the lock that is waited for
  std::string own_address;                       // of a descriptor that is a socket, if that is known: "127.0.0.1:80"
  std::string peer;                              // of a descriptor: with whom it is connected, if that is known
  std::string function;                          // that a pool of processes is to call
  std::optional<int> process;                    // that does; 0: none yet
  std::optional<int> thread;                     // of a pool that makes the call; 0: none yet
  std::optional<std::uint64_t> count;            // of those that have not ended, where it waits for several
};

struct task {
  address id = 0;    // of its record; another task may get the same when this one is gone
  std::string name;  // as task::name
  task_state state = task_state::waiting;
  std::uint32_t created = 0;          // an index of `places`
  std::vector<std::uint32_t> frames;  // indices of `places`, innermost first; of one that runs, the outermost alone
  bool shortened = false;             // there are more than 1,000 frames
  std::optional<wait> waits_for;
  std::vector<std::uint32_t> awaited_by;  // indices of its loop's `tasks`
  std::string activity;                   // what it says that it does: see hocket::activity
  std::uint64_t steps = 0;
  std::chrono::nanoseconds age{};
  std::chrono::nanoseconds since{};  // its last step began so long ago
  std::optional<std::chrono::nanoseconds>
      spent;                        // in its steps; only counted in debug mode, or while somebody is told of them
  std::chrono::nanoseconds made{};  // when, on its loop's clock: no other task has the same `id` and this
  std::optional<double> load;       // its part of a processor, if that was sampled: see `sampler`
  std::optional<std::chrono::nanoseconds>
      longest_step;  // at least so long took one of its steps, if samples met one twice
};

/// Requests to the system of one kind.
struct operations {
  std::string kind;  // "receive"
  std::uint64_t succeeded = 0;
  std::uint64_t failed = 0;
  std::uint64_t cancelled = 0;
};

/// Tasks that each wait for all the others, by way of others, and of locks too: none goes on unless one of them is cancelled.
struct deadlock {
  std::vector<std::uint32_t> tasks;   // indices of their loop's `tasks`, ascending
  std::vector<std::uint32_t> circle;  // of them, if not all: each waits for the next, the last for the first
};

/// Parts of a processor: 1 is one all the time.
struct loop_load {
  double in_steps = 0;  // of tasks; of those that have ended, too
  double beside = 0;    // what else its thread did: callbacks, the loop itself, the system for it
};

struct loop {
  address id = 0;
  bool running = false;             // a thread runs it, or sleeps in it
  std::vector<task> tasks;          // those that have not ended, in the order in which they began
  std::vector<deadlock> deadlocks;  // no task is in two

  // What it did so far.
  std::uint64_t turns = 0;
  std::uint64_t looks = 0;  // at what the system has for it
  std::uint64_t steps = 0;  // of tasks
  std::array<std::uint64_t, 24>
      lag{};  // how often it ran for less than 2^n microseconds between two looks; the last: or longer
  std::vector<operations> requests;  // of the kinds that there were
  std::uint64_t bytes_received = 0;  // by sockets and pipes, and read from files
  std::uint64_t bytes_sent = 0;
  // What it has now.
  std::uint64_t ready = 0;  // what is due to run: steps of tasks, callbacks
  std::uint64_t timers = 0;
  std::uint64_t in_flight = 0;    // requests to the system
  std::uint64_t descriptors = 0;  // open
  std::optional<loop_load> load;  // if it was sampled
};

/// From what loads were made.
struct sampling {
  std::chrono::nanoseconds length{};
  std::uint64_t samples = 0;
  std::optional<double> load;  // of the process, by all its threads
};

/// What a process showed at one moment. A plain value. Times are as of that moment; of a core dump, and of a loop with a clock of its own, as of
/// when the loop last asked for the time.
struct snapshot {
  std::vector<place> places;
  std::vector<loop> loops;
  bool torn = false;                   // it changed while it was read, so that tasks may be missing or be out of date
  std::chrono::nanoseconds stopped{};  // how long the process stood still, all attempts together
  unsigned attempts = 0;
  std::optional<sampling> sampled;
};

}  // namespace hocket::inspect
