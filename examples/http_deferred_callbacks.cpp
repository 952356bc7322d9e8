// As http_deferred_inline, by callbacks: each task is a generator that yields the deferred it waits for, to which a callback was added, and is run by
// the cooperator.
// Run: http_deferred_callbacks http://example.org/ http://example.com/ ...
#include <chrono>
#include <exception>
#include <queue>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include <hocket/hocket.hpp>

#include "get_page.hpp"
#include "pages.hpp"

using hocket::coro;
using hocket::deferred;
using seconds = std::chrono::duration<double>;
using std::chrono::steady_clock;

void success_callback(std::string_view name, const std::string& url, steady_clock::time_point start) {
  const seconds elapsed = steady_clock::now() - start;
  fmt::print("Task {} got URL: {}\nTask {} total elapsed time: {:.1f}\n", name, url, name, elapsed.count());
}

hocket::generator<deferred<>> my_task(std::string_view name, std::queue<std::string>& work_queue,
                                      hocket::http::session& web) {
  while (!work_queue.empty()) {
    const std::string url = work_queue.front();
    work_queue.pop();
    fmt::print("Task {} getting URL: {}\n", name, url);
    const auto start = steady_clock::now();
    co_yield get_page(web, url).add_callback([=](const std::string&) { success_callback(name, url, start); });
  }
}

coro<void> amain(std::queue<std::string> work_queue) {
  hocket::http::session web;
  co_await hocket::gather_results(std::vector{hocket::coiterate(my_task("One", work_queue, web)),
                                              hocket::coiterate(my_task("Two", work_queue, web))});
}

int main(int argc, char** argv) {
  if (!are_pages(argc, argv)) {
    fmt::print(stderr, "usage: http_deferred_callbacks http://HOST[:PORT]/PATH ...\n");
    return 2;
  }
  std::queue<std::string> work_queue;
  for (int n = 1; n < argc; ++n) work_queue.push(argv[n]);

  const auto start = steady_clock::now();
  try {
    hocket::run(amain(std::move(work_queue)));
  } catch (const std::exception& problem) {
    fmt::print(stderr, "http_deferred_callbacks: {}\n", problem.what());
    return 1;
  }
  const seconds elapsed = steady_clock::now() - start;
  fmt::print("\nTotal elapsed time: {:.1f}\n", elapsed.count());
}
