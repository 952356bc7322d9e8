// The examples of docs/pipelines.md.

#include <numeric>
#include <string>
#include <vector>

#include <hocket/core/sleep.hpp>
#include <hocket/flow.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
namespace flow = hocket::flow;

namespace {

hocket::coro<double> read_sensor(int second) {
  co_await hocket::sleep(10ms);
  co_return second % 2 == 0 ? -1.0 : second;
}

double average(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

std::string to_lower(std::string word) {
  for (char& each : word) each = static_cast<char>(std::tolower(each));
  return word;
}

bool is_word(const std::string& text) { return !text.empty(); }

hocket::async_generator<int> differences(hocket::async_generator<int> source) {
  auto last = co_await source.next();
  while (auto item = co_await source.next()) {
    co_yield *item - *last;
    last = item;
  }
}

auto differences() {
  return flow::stage([] HOCKET_CORO_OWNING_WRAPPER(auto source) { return differences(std::move(source)); });
}

}  // namespace

HOCKET_TEST(documented_pipelines, a_first_one) {
  const auto temperatures = co_await (flow::count(0, 1, 1s) | flow::map(read_sensor) |
                                      flow::filter([](double celsius) { return celsius > 0; }) | flow::chunks(3) |
                                      flow::map(average) | flow::timeout(1min) | flow::take(2) | flow::collect());
  EXPECT_EQ(temperatures, (std::vector{3.0, 9.0}));
}

HOCKET_TEST(documented_pipelines, a_stage_that_is_kept) {
  const auto words = flow::map(to_lower) | flow::filter(is_word);
  std::vector<std::string> lines{"One", "", "Two"};
  std::vector<std::string> printed;
  co_await (std::move(lines) | words | flow::for_each([&](std::string word) { printed.push_back(std::move(word)); }));
  EXPECT_EQ(printed, (std::vector<std::string>{"one", "two"}));
}

HOCKET_TEST(documented_pipelines, your_own_stage) {
  EXPECT_EQ(co_await (std::vector{1, 4, 9} | differences() | flow::collect()), (std::vector{3, 5}));
}
