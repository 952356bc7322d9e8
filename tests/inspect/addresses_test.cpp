#include <map>
#include <string>

#include <gtest/gtest.h>

#include <hocket/inspect/read_process.hpp>

#include "inspect/other_program.hpp"
#include "inspect/shown_tasks.hpp"

namespace {

using hocket::testing::other_program;
using hocket::testing::shown_programs;

// A line of the program: of whom listens, and who connected.
struct ends {
  std::string server;
  std::string client;
};
ends read_ends(other_program& from) {
  const std::string line = from.line();
  const std::size_t blank = line.find(' ');
  return {line.substr(0, blank), line.substr(blank + 1)};
}

}  // namespace

TEST(addresses, of_sockets_are_told_of_both_ends) {
  for (const char* backend : {"epoll", "io_uring"}) {
    SCOPED_TRACE(backend);
    other_program connected({shown_programs + "/connected"}, backend);
    if (connected.line() != "ready") continue;  // the system has no such backend
    const ends four = read_ends(connected);
    const ends local = read_ends(connected);
    const ends mapped = read_ends(connected);
    const auto seen = hocket::inspect::read_process(connected.number());
    std::map<std::string, hocket::inspect::wait> waits;
    for (const auto& task : seen.loops.at(0).tasks) waits[task.name] = task.waits_for.value();
    const auto expect = [&waits](const std::string& name, const std::string& own, const std::string& peer) {
      EXPECT_EQ(waits[name].own_address, own) << name;
      EXPECT_EQ(waits[name].peer, peer) << name;
    };
    expect("IPv4 server", four.server, four.client);
    expect("IPv4 client", four.client, four.server);
    expect("IPv4 listener", four.server, "");
    expect("mapped server", mapped.server, mapped.client);
    expect("mapped client", mapped.client, mapped.server);
    expect("unix server", local.server, "");
    expect("unix listener", local.server, "");
    expect("unix client", "", "");
  }
}
