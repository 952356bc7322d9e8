// The whole lesson: starts a slow server for each poem, runs the clients one after another, looks whether each has got every byte,
// and shows how long that took, and how much of it a processor was busy.
// Run: run [--delay SECONDS] [--num-bytes N] [POEM ...]
#include <array>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/resource.h>

#include "../program.hpp"

namespace subprocess = hocket::subprocess;
using seconds = std::chrono::duration<double>;

struct client {
  const char* name;
  const char* how_it_waits;
};
constexpr std::array clients{
    client{"get_blocking", "in each call, for one poem after another"},
    client{"get_processes", "in each call, in a process for each poem"},
    client{"get_threads", "in each call, on a thread for each poem"},
    client{"get_nonblocking", "not at all: it asks again and again, for one poem after another"},
    client{"get_callbacks", "in the loop, for all poems; callbacks"},
    client{"get_futures", "in the loop; generators that yield futures"},
    client{"get_delegation", "in the loop; coroutines that await each other"},
    client{"get_coroutines", "in hocket's loop"},
};

struct arguments {
  std::vector<std::string> poems;
  std::size_t num_bytes = 20;
  double delay = 0.05;
};

struct poem {
  std::string file;
  std::string text;
  std::size_t num_bytes;
  std::string address;  // of its server

  [[nodiscard]] seconds duration(double delay) const {
    return seconds(delay * static_cast<double>((text.size() + num_bytes - 1) / num_bytes));
  }
};

std::string beside_this_program(std::string_view name) {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path() / name;
}

/// Throws unless it has begun, and says where the poem is to be had.
hocket::coro<subprocess::process> start_server(poem& served, double delay) {
  auto server = co_await hocket::create_subprocess_exec(
      {beside_this_program("slowpoetry"), served.file, "--port", "0", "--num-bytes", std::to_string(served.num_bytes),
       "--delay", std::to_string(delay)},
      {.stdin_ = subprocess::devnull, .stdout_ = subprocess::pipe});
  const std::string line = co_await server.stdout().readline();  // "summer.txt at 127.0.0.1:40123"
  const auto space = line.rfind(' ');
  if (space == line.npos) throw std::runtime_error(fmt::format("the server of '{}' did not begin", served.file));
  served.address = line.substr(space + 1, line.size() - space - 2);
  co_return server;
}

/// What children that have ended have used.
seconds processor_time_of_children() {
  rusage used{};
  ::getrusage(RUSAGE_CHILDREN, &used);
  const auto of = [](const timeval& time) {
    return seconds(static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec));
  };
  return of(used.ru_utime) + of(used.ru_stime);
}

bool has_got(const std::vector<poem>& poems, const subprocess::outputs& written) {
  std::string all;
  for (std::size_t n = 0; n < poems.size(); ++n) {
    all += poems[n].text;
    const auto line = fmt::format("poem {}: {} bytes from {}\n", n + 1, poems[n].text.size(), poems[n].address);
    if (!written.err.contains(line)) return false;
  }
  return written.out == all;
}

/// Its line of the table; false if it has not got the poems.
hocket::coro<bool> run_client(const client& each, const std::vector<poem>& poems) {
  std::vector<std::string> command{beside_this_program(each.name)};
  for (const poem& wanted : poems) command.push_back(wanted.address);
  const auto used_before = processor_time_of_children();
  const auto begin = hocket::loop::running().time();
  auto running = co_await hocket::create_subprocess_exec(
      command, {.stdin_ = subprocess::devnull, .stdout_ = subprocess::pipe, .stderr_ = subprocess::pipe});
  const auto written = co_await running.communicate();
  const seconds took = hocket::loop::running().time() - begin;
  const seconds used = processor_time_of_children() - used_before;

  const bool is_right = running.returncode() == 0 && has_got(poems, written);
  fmt::print("{:<15}  {:>6.2f} s  {:>3.0f} %  {:<5}  {}\n", each.name, took.count(), 100 * used / took,
             is_right ? "right" : "WRONG", each.how_it_waits);
  if (!is_right) fmt::print(stderr, "{}", written.err);
  co_return is_right;
}

hocket::coro<void> run_all(const arguments& given) {
  std::vector<poem> poems;
  std::vector<subprocess::process> servers;  // killed with this
  seconds sum{}, longest{};
  for (const std::string& file : given.poems) {
    // The others come twice as fast, so that the first one takes about half of the time of all.
    const std::size_t num_bytes = poems.empty() ? given.num_bytes : 2 * given.num_bytes;
    poem& next = poems.emplace_back(file, co_await hocket::read_file(file, 16 * 1024 * 1024), num_bytes);
    servers.push_back(co_await start_server(next, given.delay));
    sum += next.duration(given.delay);
    longest = std::max(longest, next.duration(given.delay));
  }
  fmt::print("{} poems; one after another {:.2f} s, the longest {:.2f} s\n\n", poems.size(), sum.count(),
             longest.count());
  fmt::print("{:<15}  {:>8}  {:>5}  {:<5}  {}\n", "client", "elapsed", "CPU", "poems", "where it waits");
  bool all_right = true;
  for (const client& each : clients)
    if (!co_await run_client(each, poems)) all_right = false;
  if (!all_right) throw std::runtime_error("not every client has got every byte");
}

int main(int argc, char** argv) {
  arguments given;
  CLI::App options("Runs all poetry clients against slow servers.", "run");
  options.add_option("POEM", given.poems, "files; without them, three that are here");
  options.add_option("--delay", given.delay, "seconds that the servers pause")
      ->check(between_zero_and(60))
      ->capture_default_str();
  options.add_option("--num-bytes", given.num_bytes, "bytes that the first server sends at a time")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1} << 20))
      ->capture_default_str();
  read_command_line(options, argc, argv);
  if (given.poems.empty())
    for (const char* name : {"summer.txt", "star.txt", "science.txt"}) given.poems.push_back(beside_this_program(name));
  return run_program(options, run_all(given));
}
