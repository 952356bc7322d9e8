// Two tasks fetch the pages that a queue lists, with sockets that block: while one waits nobody else runs, and all the times add up.
// Run: http_blocking http://example.org/ http://example.com/ ...
#include <algorithm>
#include <chrono>
#include <iterator>
#include <list>
#include <queue>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <hocket/hocket.hpp>
#include <hocket/url/url.hpp>

using seconds = std::chrono::duration<double>;
using std::chrono::steady_clock;

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

struct blocking_socket {
  int number;
  explicit blocking_socket(const addrinfo& to) : number(::socket(to.ai_family, to.ai_socktype, to.ai_protocol)) {
    if (number < 0) fail("socket");
  }
  ~blocking_socket() { ::close(number); }
  blocking_socket(const blocking_socket&) = delete;
};

/// What a server answers, head and all, until it closes.
std::string get(const hocket::url& page) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(page.port_or_default());
  if (const int problem = ::getaddrinfo(std::string(page.host()).c_str(), port.c_str(), &hints, &found); problem != 0)
    throw std::runtime_error(::gai_strerror(problem));
  const blocking_socket server(*found);
  const int refused = ::connect(server.number, found->ai_addr, found->ai_addrlen);
  ::freeaddrinfo(found);
  if (refused != 0) fail("connect");
  const auto asked = fmt::format("GET {} HTTP/1.0\r\nHost: {}\r\n\r\n", page.request_target(), page.host_with_port());
  for (std::string_view rest = asked; !rest.empty();) {
    const auto sent = ::send(server.number, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0) fail("send");
    rest.remove_prefix(static_cast<std::size_t>(sent));
  }
  std::string answer;
  for (char piece[16384];;) {
    const auto received = ::recv(server.number, piece, sizeof piece, 0);  // here the whole program waits
    if (received < 0) fail("recv");
    if (received == 0) return answer;
    answer.append(piece, static_cast<std::size_t>(received));
  }
}

hocket::generator<std::size_t> task(std::string_view name, std::queue<std::string>& work_queue) {
  while (!work_queue.empty()) {
    const std::string url = work_queue.front();
    work_queue.pop();
    fmt::print("Task {} getting URL: {}\n", name, url);
    const auto start = steady_clock::now();
    const std::string answer = get(hocket::url::parse(url).value());
    const seconds elapsed = steady_clock::now() - start;
    fmt::print("Task {} got URL: {}\nTask {} total elapsed time: {:.1f}\n", name, url, name, elapsed.count());
    co_yield answer.size();
  }
}

bool is_page(std::string_view text) {
  const auto page = hocket::url::parse(text);
  return page && page->scheme() == "http";
}

int main(int argc, char** argv) {
  if (argc < 2 || !std::all_of(argv + 1, argv + argc, is_page)) {
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
