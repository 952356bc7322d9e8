// What it costs to parse a list of URLs, one a line, as ada's benchmark does it: each is parsed, the sizes of the normal forms are added up,
// again and again; the best round and the middle one count. url_list FILE [ROUNDS]; prints JSON.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <hocket/url/url.hpp>

namespace {

/// Instructions that this thread executes outside of the kernel; 0 where the system does not let them be counted.
class instruction_counter {
 public:
  instruction_counter() {
    perf_event_attr what{};
    what.size = sizeof what;
    what.type = PERF_TYPE_HARDWARE;
    what.config = PERF_COUNT_HW_INSTRUCTIONS;
    what.exclude_kernel = 1;
    what.exclude_hv = 1;
    events_ = static_cast<int>(::syscall(SYS_perf_event_open, &what, 0, -1, -1, 0));
  }
  ~instruction_counter() {
    if (events_ >= 0) ::close(events_);
  }
  instruction_counter(const instruction_counter&) = delete;

  [[nodiscard]] std::uint64_t read() const {
    std::uint64_t count = 0;
    return events_ >= 0 && ::read(events_, &count, sizeof count) == sizeof count ? count : 0;
  }

 private:
  int events_;
};

struct outcome {
  std::size_t valid = 0;
  std::size_t href_bytes = 0;
};

outcome parse_all(const std::vector<std::string>& texts) {
  outcome found;
  for (const std::string& text : texts) {
    const auto parsed = hocket::url::parse(text);
    if (!parsed) continue;
    ++found.valid;
    found.href_bytes += parsed->href().size();
  }
  return found;
}

std::vector<std::string> lines_of(const char* path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);)
    if (!line.empty()) lines.push_back(std::move(line));
  return lines;
}

}  // namespace

int main(int count, char** arguments) {
  const auto texts = lines_of(count > 1 ? arguments[1] : "/dev/stdin");
  const int rounds = count > 2 ? std::max(1, std::atoi(arguments[2])) : 100;
  if (texts.empty()) {
    fmt::print(stderr, "url_list: no URLs; url_list FILE [ROUNDS]\n");
    return 2;
  }
  std::size_t bytes = 0;
  for (const std::string& text : texts) bytes += text.size();

  const instruction_counter counter;
  outcome found = parse_all(texts);  // once unmeasured
  const std::uint64_t before = counter.read();
  std::vector<double> seconds;
  for (int round = 0; round < rounds; ++round) {
    const auto begun = std::chrono::steady_clock::now();
    found = parse_all(texts);
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count());
  }
  const double instructions = static_cast<double>(counter.read() - before) / rounds;
  std::ranges::sort(seconds);
  fmt::print(
      R"({{"urls": {}, "bytes": {}, "valid": {}, "href_bytes": {}, "best": {:.9f}, "median": {:.9f}, "instructions": {:.0f}}})"
      "\n",
      texts.size(), bytes, found.valid, found.href_bytes, seconds.front(), seconds[seconds.size() / 2], instructions);
}
