// As http_blocking, with the same sockets that block; but the C library is patched and the tasks are green threads: while one waits the other
// goes on, and the whole takes less than the sum.
// Run: http_green http://example.org/ http://example.com/ ...
#include <chrono>
#include <queue>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include <hocket/green.hpp>
#include <hocket/hocket.hpp>

#include "blocking_http.hpp"
#include "pages.hpp"

namespace green = hocket::green;
using seconds = std::chrono::duration<double>;
using std::chrono::steady_clock;

void task(std::string_view name, std::queue<std::string>& work_queue) {
  while (!work_queue.empty()) {
    const std::string url = work_queue.front();
    work_queue.pop();
    fmt::print("Task {} getting URL: {}\n", name, url);
    const auto start = steady_clock::now();
    get(hocket::url::parse(url).value());  // here the other task runs
    const seconds elapsed = steady_clock::now() - start;
    fmt::print("Task {} got URL: {}\nTask {} total elapsed time: {:.1f}\n", name, url, name, elapsed.count());
  }
}

int main(int argc, char** argv) {
  if (!are_pages(argc, argv)) {
    fmt::print(stderr, "usage: http_green http://HOST[:PORT]/PATH ...\n");
    return 2;
  }
  std::queue<std::string> work_queue;
  for (int n = 1; n < argc; ++n) work_queue.push(argv[n]);

  green::patch_all();
  const auto start = steady_clock::now();
  try {
    hocket::run(green::run([&work_queue] {
      std::vector<hocket::task<>> tasks;
      for (const auto name : {"One", "Two"})
        tasks.push_back(green::spawn([name, &work_queue] { task(name, work_queue); }));
      green::joinall(tasks);
      for (auto& each : tasks) green::wait(each);  // throws what it threw
    }));
  } catch (const std::exception& problem) {
    fmt::print(stderr, "http_green: {}\n", problem.what());
    return 1;
  }
  const seconds elapsed = steady_clock::now() - start;
  fmt::print("\nTotal elapsed time: {:.1f}\n", elapsed.count());
}
