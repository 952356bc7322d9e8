// Reads a cached file of 64 MiB from its beginning to its end, in pieces of so many KiB, by pread(2) and by file::read, in turn,
// and prints medians: read_file [KIB]. HOCKET_BACKEND chooses the backend.

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include <hocket/hocket.hpp>

namespace {

constexpr std::size_t size_bytes = std::size_t{64} << 20;
constexpr int runs = 9;

using clock = std::chrono::steady_clock;

double seconds_since(clock::time_point began) { return std::chrono::duration<double>(clock::now() - began).count(); }

double by_hand(const hocket::file& from, std::span<char> into) {
  const auto began = clock::now();
  ssize_t count = 1;
  for (off_t at = 0; count > 0; at += count) count = ::pread(from.number(), into.data(), into.size(), at);
  return seconds_since(began);
}

hocket::coro<double> by_hocket(hocket::file& from, std::span<char> into) {
  const auto began = clock::now();
  std::size_t count = 1;
  for (std::size_t at = 0; count > 0; at += count) count = co_await from.read(into, static_cast<std::int64_t>(at));
  co_return seconds_since(began);
}

double median(std::vector<double> all) {
  std::ranges::sort(all);
  return all[all.size() / 2];
}

hocket::coro<void> measure(std::size_t piece_bytes) {
  auto file = co_await hocket::temporary_file();
  const std::string content(size_bytes, 'x');
  co_await file.write(content);
  std::vector<char> into(piece_bytes);
  std::vector<double> hand;
  std::vector<double> ours;
  for (int run = 0; run < runs; ++run) {
    hand.push_back(by_hand(file, into));
    ours.push_back(co_await by_hocket(file, into));
  }
  const double calls = static_cast<double>(size_bytes) / static_cast<double>(piece_bytes);
  fmt::print("{:8} {:5} KiB  pread {:7.2f} us  hocket {:7.2f} us  ratio {:.2f}\n", hocket::loop::running().io().name(),
             piece_bytes >> 10, median(hand) / calls * 1e6, median(ours) / calls * 1e6, median(ours) / median(hand));
}

}  // namespace

int main(int count, char** arguments) {
  const std::size_t kib = count > 1 ? std::strtoul(arguments[1], nullptr, 10) : 64;
  hocket::run(measure(std::max<std::size_t>(kib, 1) << 10));
}
