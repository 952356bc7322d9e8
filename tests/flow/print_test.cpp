// `print` and `action`, which it is made of.

#include <chrono>
#include <cstdio>
#include <memory>
#include <ostream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include <hocket/core/as_result.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/flow/action.hpp>
#include <hocket/flow/collect.hpp>
#include <hocket/flow/print.hpp>
#include <hocket/flow/range.hpp>
#include <hocket/testing/test.hpp>

#include "flow/observed_source.hpp"

using namespace std::chrono_literals;
using hocket::testing::message_of;
using hocket::testing::message_of_call;
using hocket::testing::observed;
using hocket::testing::observed_source;
using hocket::testing::threw;
namespace flow = hocket::flow;

namespace {

class printed_file {
 public:
  [[nodiscard]] std::FILE* get() const noexcept { return file_.get(); }
  [[nodiscard]] std::string text() const {
    std::string text(1000, '\0');
    std::rewind(get());
    text.resize(std::fread(text.data(), 1, text.size(), get()));
    return text;
  }

 private:
  struct closer {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
  };
  std::unique_ptr<std::FILE, closer> file_{std::tmpfile()};
};

struct point {
  int x;
  int y;
  friend std::ostream& operator<<(std::ostream& out, const point& which) { return out << which.x << '/' << which.y; }
};

}  // namespace

HOCKET_TEST(action, sees_each_item_and_gives_it_on) {
  std::vector<int> seen;
  EXPECT_EQ(co_await (flow::range(3) | flow::action([&](int n) { seen.push_back(n); }) | flow::collect()),
            (std::vector{0, 1, 2}));
  EXPECT_EQ(seen, (std::vector{0, 1, 2}));
}

HOCKET_TEST(action, is_awaited_before_its_item_is_given_on) {
  int done = 0;
  const auto slow = [&](const int&) -> hocket::coro<void> {
    co_await hocket::sleep(1s);
    ++done;
  };
  auto items = flow::range(3) | flow::action(slow);
  EXPECT_EQ(co_await items.next(), 0);
  EXPECT_EQ(done, 1);
}

HOCKET_TEST(print, prints_each_item_on_a_line_and_gives_it_on) {
  const printed_file out;
  EXPECT_EQ(co_await (flow::range(3) | flow::print("{}", {.file = out.get()}) | flow::collect()),
            (std::vector{0, 1, 2}));
  EXPECT_EQ(out.text(), "0\n1\n2\n");
}

HOCKET_TEST(print, formats_strings_and_numbers_as_its_format_says) {
  const printed_file out;
  co_await (std::vector<std::string>{"a"} | flow::print("[{:>3}]", {.file = out.get()}) | flow::collect());
  co_await (std::vector{255U} | flow::print("{:#x}", {.file = out.get()}) | flow::collect());
  co_await (std::vector{0.5} | flow::print("{:.2f}", {.file = out.get()}) | flow::collect());
  co_await (std::vector{0.1F} | flow::print("{}", {.file = out.get()}) | flow::collect());
  co_await (std::vector{true} | flow::print("{}", {.file = out.get()}) | flow::collect());
  EXPECT_EQ(out.text(), "[  a]\n0xff\n0.50\n0.1\ntrue\n");
}

HOCKET_TEST(print, prints_what_can_be_streamed) {
  const printed_file out;
  co_await (std::vector{point(1, 2)} | flow::print("at {}", {.end = ";", .file = out.get()}) | flow::collect());
  EXPECT_EQ(out.text(), "at 1/2;");
}

HOCKET_TEST(print, prints_what_a_function_makes_of_an_item) {
  const printed_file out;
  const auto text_of = [](int n) { return std::string(static_cast<std::size_t>(n), '*'); };
  co_await (flow::range(3) | flow::print(text_of, {.file = out.get()}) | flow::collect());
  EXPECT_EQ(out.text(), "\n*\n**\n");
}

HOCKET_TEST(print, prints_an_item_before_the_next_is_asked_for) {
  const printed_file out;
  observed seen;
  auto items = observed_source(seen) | flow::print("{}", {.file = out.get()});
  EXPECT_EQ(co_await items.next(), 1);
  EXPECT_EQ(seen.given, 1);
  EXPECT_EQ(out.text(), "1\n");
}

HOCKET_TEST(print, throws_if_the_format_does_not_suit_an_item) {
  const printed_file out;
  const auto outcome = co_await hocket::as_result(std::vector<std::string>{"a"} |
                                                  flow::print("{:d}", {.file = out.get()}) | flow::collect());
  EXPECT_TRUE(threw<std::invalid_argument>(outcome));
  EXPECT_EQ(message_of(outcome).find("print: the format '{:d}' does not suit an item: "), 0U);
}

HOCKET_TEST(print, throws_if_the_file_cannot_be_written) {
  const std::unique_ptr<std::FILE, decltype([](std::FILE* file) { std::fclose(file); })> full(
      std::fopen("/dev/full", "w"));
  EXPECT_TRUE(threw<std::system_error>(co_await hocket::as_result(
      flow::range(3) | flow::print("{}", {.file = full.get(), .flush = true}) | flow::collect())));
}

HOCKET_TEST(print, refuses_to_be_without_a_file) {
  EXPECT_EQ(message_of_call([] { return flow::print("{}", {.file = nullptr}); }),
            "print: there is no file to print to");
  co_return;
}
