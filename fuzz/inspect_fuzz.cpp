// Reads a process whose memory says anything: this one's, as it was once, with words of it replaced.
//
// The input is a list of replacements, 12 bytes each: which of the words that matter (4 bytes, modulo their number), and what
// stands there instead. A small odd number leads to another such word, so that circles come up. Behind four bytes of which all bits are set is a
// file that is mapped, too; so far behind where it begins that notes in it can lead there is this process's table.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <unistd.h>

#include <hocket/core/async_generator.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/core/run.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task_group.hpp>
#include <hocket/core/wait.hpp>
#include <hocket/inspect/detail/resolve.hpp>
#include <hocket/inspect/detail/running_loops.hpp>
#include <hocket/inspect/detail/walk.hpp>
#include <hocket/inspect/process_memory.hpp>
#include <hocket/inspect/unreadable.hpp>
#include <hocket/testing/blocked.hpp>

extern "C" [[gnu::visibility("hidden")]] const hocket::detail::process_table hocket_process_table;

namespace {

using namespace std::chrono_literals;
using namespace hocket::inspect;

constexpr std::size_t page_size = 4096;
constexpr std::uint32_t file_follows = UINT32_MAX;
constexpr address from_file_to_table = 0x10000000;
using page = std::array<std::byte, page_size>;

/// What was read of a process, page by page.
class kept_memory final : public memory {
 public:
  std::map<address, page> pages;
  address file_at = 0;
  std::span<const std::uint8_t> file;  // empty: none

  bool read(address from, std::span<std::byte> to) override {
    if (const address at = from - file_at; at < file.size()) {
      if (to.size() > file.size() - at) return false;
      std::ranges::copy(std::as_bytes(file.subspan(at, to.size())), to.begin());
      return true;
    }
    while (!to.empty()) {
      const auto found = pages.find(from / page_size * page_size);
      if (found == pages.end()) return false;
      const std::size_t begin = from % page_size;
      const std::size_t count = std::min(to.size(), page_size - begin);
      std::memcpy(to.data(), found->second.data() + begin, count);
      to = to.subspan(count);
      from += count;
    }
    return true;
  }
};

/// Keeps the pages that are read.
class keeping_memory final : public memory {
 public:
  keeping_memory(memory& source, kept_memory& to) : source_(source), to_(to) {}
  bool read(address from, std::span<std::byte> to) override {
    if (!source_.read(from, to)) return false;
    for (address begin = from / page_size * page_size; begin < from + to.size(); begin += page_size)
      if (!source_.read(begin, to_.pages[begin])) to_.pages.erase(begin);
    return true;
  }

 private:
  memory& source_;
  kept_memory& to_;
};

struct image {
  std::vector<mapping> mappings;
  kept_memory memory;
  std::vector<address> words;  // that matter
};

/// Reads everything, and gives a number that is likely to be another if something else was read.
std::uint64_t read_all(memory& source, const std::vector<mapping>& mappings) {
  detail::memory_cache cache(source);
  const detail::shown shown = detail::find_shown(cache, mappings, "the input");
  for (const auto& table : shown.tables) static_cast<void>(detail::read_running_loops(source, table));
  detail::types classes(cache, shown);
  const detail::found found = detail::walk(cache, shown, classes);
  const snapshot made = detail::resolve(cache, shown, found, 0);
  std::string all = std::to_string(found.contradictions);
  for (const loop& each : made.loops)
    for (const task& one : each.tasks) {
      all += one.name + ' ' + std::to_string(one.id);
      for (const std::uint32_t place : one.frames) all += made.places.at(place).function;
      for (const std::uint32_t waiter : one.awaited_by) all += each.tasks.at(waiter).name;
      if (!one.waits_for) continue;
      all += one.waits_for->kind;
      if (one.waits_for->awaited) all += each.tasks.at(*one.waits_for->awaited).name;
    }
  return std::hash<std::string>{}(all);
}

hocket::coro<void> nap() { co_await hocket::sleep(1h); }
hocket::async_generator<int> numbers() {
  co_await nap();
  co_yield 1;
}
hocket::coro<void> count() {
  auto all = numbers();
  co_await all.next();
}

hocket::coro<void> keep(image& to) {
  auto napping = hocket::create_task(nap(), {.name = "napping"});
  auto counting = hocket::create_task(count(), {.name = "counting"});
  auto both = hocket::create_task(hocket::gather(nap(), nap()), {.name = "both"});
  auto group = hocket::create_task(hocket::with_task_group([](hocket::task_group& tasks) -> hocket::coro<void> {
    tasks.create_task(nap());
    co_return;
  }));
  auto joined = hocket::create_task([](hocket::task<void> other) -> hocket::coro<void> { co_await other; }(napping));
  co_await hocket::testing::wait_all_tasks_blocked();
  to.mappings = mappings_of(::getpid());
  process_memory own(::getpid());
  keeping_memory keeping(own, to.memory);
  static_cast<void>(read_all(keeping, to.mappings));
  napping.cancel();
  counting.cancel();
  both.cancel();
  group.cancel();
  joined.cancel();
}

bool matters(image& all, std::uint64_t usual, std::span<std::byte> bytes) {
  const std::vector<std::byte> before(bytes.begin(), bytes.end());
  std::ranges::fill(bytes, std::byte{0xa5});
  bool other = true;
  try {
    other = read_all(all.memory, all.mappings) != usual;
  } catch (const unreadable&) {
  }
  std::ranges::copy(before, bytes.begin());
  return other;
}

void find_words(image& all) {
  const std::uint64_t usual = read_all(all.memory, all.mappings);
  constexpr std::size_t line = 64;
  for (auto& [begin, bytes] : all.memory.pages) {
    if (!matters(all, usual, bytes)) continue;
    for (std::size_t at = 0; at < page_size; at += line)
      if (matters(all, usual, std::span(bytes).subspan(at, line)))
        for (std::size_t word = at; word < at + line; word += sizeof(address)) all.words.push_back(begin + word);
  }
  if (all.words.size() < 500) std::abort();  // it is not what was meant
}

const image& kept() {
  static const auto made = [] {
    auto all = std::make_unique<image>();
    hocket::run(keep(*all));
    find_words(*all);
    return all;
  }();
  return *made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const image& original = kept();
  static kept_memory changed;
  if (changed.pages.empty()) changed.pages = original.memory.pages;
  std::vector<address> touched;
  std::vector<mapping> mappings = original.mappings;
  changed.file = {};
  for (; size >= 12; data += 12, size -= 12) {
    std::uint32_t which = 0;
    std::uint64_t value = 0;
    std::memcpy(&which, data, sizeof which);
    if (which == file_follows) {
      changed.file_at = reinterpret_cast<address>(&hocket_process_table) - from_file_to_table;
      changed.file = {data + sizeof which, size - sizeof which};
      mappings.push_back({.begin = changed.file_at,
                          .end = changed.file_at + changed.file.size(),
                          .offset = 0,
                          .readable = true,
                          .path = "/the/file"});
      break;
    }
    std::memcpy(&value, data + sizeof which, sizeof value);
    const address at = original.words[which % original.words.size()];
    if (value % 2 == 1 && value < 1'000'000) value = original.words[value % original.words.size()];
    std::memcpy(changed.pages.at(at / page_size * page_size).data() + at % page_size, &value, sizeof value);
    touched.push_back(at);
  }
  try {
    static_cast<void>(read_all(changed, mappings));
  } catch (const unreadable&) {
  }
  for (const address at : touched)
    changed.pages.at(at / page_size * page_size) = original.memory.pages.at(at / page_size * page_size);
  return 0;
}
