#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <hocket/core/coro.hpp>
#include <hocket/crawl/spider.hpp>
#include <hocket/http/range/validators.hpp>
#include <hocket/url/url.hpp>

namespace hocket::crawl {

/// What an earlier crawl has found at a URL.
struct earlier_page {
  std::string content_type{};
  std::uint64_t bytes = 0;
  std::optional<std::uint64_t> content_hash{};  // of a page that was read
  http::validators validators{};
  std::string archived{};  // see `page_record`
  findings found{};        // with the declarations of its answer, too
};

/// What an earlier crawl knows of pages: those that have not changed since are not sent, and not read again.
class earlier_pages {
 public:
  virtual ~earlier_pages() = default;

  /// By what a server is asked whether what is at `where` has changed; empty: it is to be sent.
  [[nodiscard]] virtual http::validators validators_of(const url& where) const = 0;

  /// What was found there: the server has said that it is as it was (304). Throws `hocket::error` if it cannot be had; then the page fails.
  [[nodiscard]] virtual coro<earlier_page> recall(url where) = 0;
};

}  // namespace hocket::crawl
