// Two tasks fetch the pages that a queue lists, in Twisted's way: each page is a deferred, and the tasks await them inline.
// Run: http_deferred_inline http://example.org/ http://example.com/ ...
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

coro<void> my_task(std::string_view name, std::queue<std::string>& work_queue, hocket::http::session& web) {
  try {
    while (!work_queue.empty()) {
      const std::string url = work_queue.front();
      work_queue.pop();
      fmt::print("Task {} getting URL: {}\n", name, url);
      const auto start = steady_clock::now();
      co_await get_page(web, url);
      const seconds elapsed = steady_clock::now() - start;
      fmt::print("Task {} got URL: {}\nTask {} total elapsed time: {:.1f}\n", name, url, name, elapsed.count());
    }
  } catch (const std::exception& problem) {
    fmt::print("{}\n", problem.what());
  }
}

coro<void> amain(std::queue<std::string> work_queue) {
  hocket::http::session web;
  std::vector<deferred<>> tasks;
  for (const auto name : {"One", "Two"})
    tasks.push_back(hocket::defer_later(
        {}, [name, &work_queue, &web] { return hocket::ensure_deferred(my_task(name, work_queue, web)); }));
  co_await hocket::deferred_list(tasks);
}

int main(int argc, char** argv) {
  if (!are_pages(argc, argv)) {
    fmt::print(stderr, "usage: http_deferred_inline http://HOST[:PORT]/PATH ...\n");
    return 2;
  }
  std::queue<std::string> work_queue;
  for (int n = 1; n < argc; ++n) work_queue.push(argv[n]);

  const auto start = steady_clock::now();
  hocket::run(amain(std::move(work_queue)));
  const seconds elapsed = steady_clock::now() - start;
  fmt::print("\nTotal elapsed time: {:.1f}\n", elapsed.count());
}
