#pragma once

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

/// What a crawl tells while it runs, and where one may step in. All are called on the loop, and must not throw.
struct crawl_hooks {
  /// Before each request, those of redirects included: may change fields, cookies, credentials.
  std::function<void(const url& where, http::request_options&)> before_request{};
  /// Gives who records the exchanges of the next request, robots.txt's too. Answers are then read to their end, as far as
  /// `crawl_options::max_body_bytes`.
  std::function<std::shared_ptr<http::exchange_recorder>()> record{};
  /// The head of an answer has come.
  std::function<void(const url& where, const http::response&)> on_response{};
  /// A page was read: may change what was found, before it is written and followed.
  std::function<void(const url& page, findings&)> on_links{};
  /// For each item that a page gave, as it is written.
  std::function<void(const url& page, std::string_view json)> on_item{};
  std::function<void(const page_record&)> on_page{};
  std::function<void(std::string_view url, std::string_view reason)> on_skip{};
  /// Once each: things that the user should know.
  std::function<void(const std::string&)> on_note{};
};

}  // namespace hocket::crawl
