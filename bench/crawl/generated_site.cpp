// A site of as many pages as one likes, made up while they are asked for: generated_site PORT PAGES LINKS [HOSTS].
// Page n links to 2n+1 and 2n+2, so that each is found, and for the rest to pages that are drawn from n: the same in each run. With
// several HOSTS page n is at 127.0.0.(1 + n mod HOSTS). /fetched tells how many pages were asked for, and how many again; /forget
// begins to count anew.

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include <hocket/hocket.hpp>
#include <hocket/http.hpp>

namespace {

namespace http = hocket::http;

/// splitmix64: a number that looks like chance, and is always the same.
std::uint64_t drawn_from(std::uint64_t number) {
  number += 0x9e3779b97f4a7c15;
  number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9;
  number = (number ^ (number >> 27)) * 0x94d049bb133111eb;
  return number ^ (number >> 31);
}

class generated_site {
 public:
  generated_site(std::uint16_t port, std::uint64_t pages, unsigned links, unsigned hosts)
      : port_(port), pages_(pages), links_(links), hosts_(hosts), fetched_(pages) {}

  http::reply answer(std::string_view path) {
    if (path == "/fetched") return http::reply::json(fmt::format(R"({{"pages":{},"again":{}}})", distinct_, again_));
    if (path == "/forget") return forget();
    const auto number = number_in(path);
    if (!number) return http::reply::text("there is no such page\n", 404);
    ++(fetched_[*number] ? again_ : distinct_);
    fetched_[*number] = true;
    return http::reply::html(page(*number));
  }

 private:
  http::reply forget() {
    fetched_.assign(pages_, false);
    distinct_ = again_ = 0;
    return http::reply::text("forgotten\n");
  }

  // "/<n / 1000>/page-<n>.html", and "/" for the first.
  [[nodiscard]] std::optional<std::uint64_t> number_in(std::string_view path) const {
    if (path == "/") return 0;
    const std::size_t begin = path.find("/page-");
    if (begin == std::string_view::npos || !path.ends_with(".html")) return std::nullopt;
    path = path.substr(begin + 6, path.size() - begin - 6 - 5);
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(path.data(), path.data() + path.size(), number);
    if (error != std::errc() || end != path.data() + path.size() || number >= pages_) return std::nullopt;
    return number;
  }

  [[nodiscard]] std::string page(std::uint64_t number) const {
    std::string html = fmt::format("<!DOCTYPE html>\n<html><head><title>Page {}</title></head>\n<body>\n", number);
    for (unsigned link = 0; link < links_; ++link) {
      const std::uint64_t target = link < 2 ? 2 * number + 1 + link : drawn_from(number * links_ + link) % pages_;
      if (target < pages_) add_link(html, target);
    }
    html += "</body></html>\n";
    return html;
  }

  void add_link(std::string& html, std::uint64_t target) const {
    html +=
        "<p>What is said here is as long as a sentence of somebody who has something to say, and leads on to <a "
        "href=\"";
    if (hosts_ > 1) html += fmt::format("http://127.0.0.{}:{}", 1 + target % hosts_, port_);
    html += target == 0 ? std::string("/") : fmt::format("/{}/page-{}.html", target / 1000, target);
    html += fmt::format("\">page {}</a>.</p>\n", target);
  }

  std::uint16_t port_;
  std::uint64_t pages_;
  unsigned links_;
  unsigned hosts_;
  std::vector<bool> fetched_;
  std::uint64_t distinct_ = 0;
  std::uint64_t again_ = 0;
};

hocket::coro<void> amain(std::uint16_t port, generated_site& site) {
  auto listener = hocket::tcp_listener::listen(*hocket::socket_address::parse("0.0.0.0", port));
  http::server server(
      [&site](http::request& asked) -> hocket::coro<http::reply> { co_return site.answer(asked.path()); },
      {.max_requests = 1'000'000'000, .wall_clock = hocket::system_wall_clock});
  co_await server.serve(listener);
}

}  // namespace

int main(int count, char** arguments) {
  const auto number = [&](int place, unsigned long otherwise) {
    return count > place ? std::strtoul(arguments[place], nullptr, 10) : otherwise;
  };
  const auto port = static_cast<std::uint16_t>(number(1, 0));
  const unsigned long pages = number(2, 0);
  const auto links = static_cast<unsigned>(number(3, 10));
  const auto hosts = static_cast<unsigned>(number(4, 1));
  if (port == 0 || pages == 0 || links < 2 || hosts < 1 || hosts > 254) {
    std::fputs("usage: generated_site PORT PAGES [LINKS, 2 or more] [HOSTS, 1 to 254]\n", stderr);
    return 2;
  }
  generated_site site(port, pages, links, hosts);
  hocket::run(amain(port, site));
}
