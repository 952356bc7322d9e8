// Two tasks fetch the pages that a queue lists, with sockets that block: while one waits nobody else runs, and all the times add up.
// Run: http_blocking http://example.org/ http://example.com/ ...
#include <chrono>
#include <iterator>
#include <list>
#include <queue>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include <hocket/hocket.hpp>

#include "blocking_http.hpp"
#include "pages.hpp"

using seconds = std::chrono::duration<double>;
using std::chrono::steady_clock;

hocket::generator<std::size_t> task(std::string_view name, std::queue<std::string>& work_queue) {
  while (!work_queue.empty()) {
    const std::string url = work_queue.front();
    work_queue.pop();
    fmt::print("Task {} getting URL: {}\n", name, url);
    const auto start = steady_clock::now();
    const std::string answer = get(hocket::url::parse(url).value());  // here the whole program waits
    const seconds elapsed = steady_clock::now() - start;
    fmt::print("Task {} got URL: {}\nTask {} total elapsed time: {:.1f}\n", name, url, name, elapsed.count());
    co_yield answer.size();
  }
}

int main(int argc, char** argv) {
  if (!are_pages(argc, argv)) {
    fmt::print(stderr, "usage: http_blocking http://HOST[:PORT]/PATH ...\n");
    return 2;
  }
  std::queue<std::string> work_queue;
  for (int n = 1; n < argc; ++n) work_queue.push(argv[n]);
  std::list<hocket::generator<std::size_t>> tasks;
  for (const auto name : {"One", "Two"}) tasks.push_back(task(name, work_queue));

  const auto start = steady_clock::now();
  try {
    while (!tasks.empty())
      for (auto each = tasks.begin(); each != tasks.end();) each = each->next() ? std::next(each) : tasks.erase(each);
  } catch (const std::exception& problem) {
    fmt::print(stderr, "http_blocking: {}\n", problem.what());
    return 1;
  }
  const seconds elapsed = steady_clock::now() - start;
  fmt::print("\nTotal elapsed time: {:.1f}\n", elapsed.count());
}
