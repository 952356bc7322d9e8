#include <cstdint>
#include <cstring>
#include <map>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/inspect/detail/running_loops.hpp>

using hocket::inspect::address;
using hocket::inspect::detail::process_table;
using hocket::inspect::detail::read_running_loops;
using hocket::inspect::detail::read_step;

namespace {

constexpr address ends = 0x1000;

/// A process in whose memory there are but the words of so many loops, at 0x2000, 0x3000, ..., each with its link at its beginning, and on a thread of
/// its own, of which the variable is 0x800 further on.
struct process final : hocket::inspect::memory {
  explicit process(std::size_t loops) {
    address before = ends;
    for (std::size_t n = 0; n < loops; ++n) {
      const address loop = ends + (n + 1) * 0x1000;
      words[before] = loop;
      words[loop + 8] = before;
      words[loop + 16] = loop;  // itself
      words[loop + 64] = loop + 0x800;
      words[loop + 0x800 + 8] = 0;
      before = loop;
    }
    words[before] = ends;
    words[ends + 8] = before;
  }

  void run_task(address loop, address task, address owner) {
    words[loop + 0x800 + 8] = task;
    words[task + 16] = owner;
    words[task + 24] = 4711;
  }

  bool read(address from, std::span<std::byte> to) override {
    const auto found = words.find(from);
    if (found == words.end() || to.size() != sizeof found->second) return false;
    std::memcpy(to.data(), &found->second, to.size());
    return true;
  }

  std::map<address, std::uint64_t> words;
};

process_table table() {
  process_table made{};
  made.loops = reinterpret_cast<const void*>(ends);
  made.link = {.next = 0, .previous = 8};
  made.living_loop = {.link = 16, .self = 32};
  made.loop.runs_on = 64;
  made.thread_context.task = 8;
  made.task.owner = 16;
  made.task.made = 24;
  return made;
}

}  // namespace

TEST(read_running_loops, tells_which_threads_run_which_loops) {
  process other(4);
  other.words[0x4000 + 64] = 0;               // nobody runs it
  other.words[0x5000 + 64] = 0x2000 + 0x800;  // inside of another system's loop
  const auto threads = read_running_loops(other, table());
  ASSERT_EQ(threads.value().size(), 2U);
  EXPECT_EQ(threads->at(0).context, 0x2800U);
  EXPECT_EQ(threads->at(0).loops, (std::vector<address>{0x2000, 0x5000}));
  EXPECT_EQ(threads->at(1).loops, std::vector<address>{0x3000});
}

TEST(read_running_loops, knows_nothing_of_a_process_in_the_middle_of_a_change) {
  process other(2);
  other.words[0x3000 + 8] = ends;
  EXPECT_FALSE(read_running_loops(other, table()));
  process another(2);
  another.words.erase(0x3000);
  EXPECT_FALSE(read_running_loops(another, table()));
}

TEST(read_step, tells_which_task_runs_and_in_which_of_the_threads_loops) {
  process other(3);
  other.run_task(0x2000, 0x9000, 0x3000);
  const auto at = read_step(other, table(), {.context = 0x2800, .loops = {0x2000, 0x3000}});
  EXPECT_EQ(at.loop, 0x3000U);
  EXPECT_EQ(at.context, 0x2800U);
  EXPECT_EQ(at.task, 0x9000U);
  EXPECT_EQ(at.made, 4711);
}

TEST(read_step, takes_no_task_of_another_loop_and_none_that_is_gone_for_one_that_runs) {
  process other(2);
  other.run_task(0x2000, 0x9000, 0x3000);
  other.words[0x3000 + 0x800 + 8] = 0xA000;
  for (const address loop : {address{0x2000}, address{0x3000}}) {
    const auto at = read_step(other, table(), {.context = loop + 0x800, .loops = {loop}});
    EXPECT_EQ(at.loop, loop);
    EXPECT_EQ(at.task, 0U);
  }
}
