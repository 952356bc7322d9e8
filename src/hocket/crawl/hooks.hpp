#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <hocket/crawl/pipeline.hpp>
#include <hocket/crawl/spider.hpp>
#include <hocket/http/client/exchange_recorder.hpp>
#include <hocket/http/client/request_options.hpp>
#include <hocket/http/client/response.hpp>
#include <hocket/url/url.hpp>

namespace hocket::crawl {

/// What came of one attempt at a page.
struct attempt_record {
  std::string_view url;
  std::string_view final_url;
  int status = 0;  // 0: there was no answer
  std::uint64_t bytes = 0;
  std::int64_t milliseconds = 0;
  unsigned attempt = 1;    // the first is 1
  std::string_view error;  // empty: none
  bool is_tried_again = false;
};

/// What a crawl tells while it runs, and where one may step in. All are called on the loop, and must not throw.
struct crawl_hooks {
  /// Before each request, whatever is asked for: a page, a robots.txt, a sitemap, a link that is checked, and where any of these is
  /// redirected to. May change fields, cookies, credentials.
  std::function<void(const url& where, http::request_options&)> before_request{};
  /// Gives who records the exchanges of the next request, robots.txt's too. Answers are then read to their end, as far as
  /// `crawl_options::max_body_bytes`.
  std::function<std::shared_ptr<http::exchange_recorder>()> record{};
  /// The head of an answer to one of these has come.
  std::function<void(const url& where, const http::response&)> on_response{};
  /// A page was read: may change what was found, before it is written and followed.
  std::function<void(const url& page, findings&)> on_links{};
  /// For each item that a page gave, as it is written.
  std::function<void(const url& page, std::string_view json)> on_item{};
  std::function<void(const page_record&)> on_page{};
  /// Each attempt at a page, redirects included, that of a page that is tried again too; not where robots.txt or its address kept it out.
  std::function<void(const attempt_record&)> on_attempt{};
  std::function<void(std::string_view url, std::string_view reason)> on_skip{};
  /// The crawl was cancelled, and so many pages are under way, which it finishes.
  std::function<void(std::size_t pages)> on_stopping{};
  /// Once each: things that the user should know.
  std::function<void(const std::string&)> on_note{};
};

}  // namespace hocket::crawl
