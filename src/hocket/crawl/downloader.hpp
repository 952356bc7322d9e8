#pragma once

#include <functional>
#include <memory>
#include <utility>

#include <hocket/base/attributes.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/crawl/options.hpp>
#include <hocket/http/client/session.hpp>

namespace hocket::crawl {

/// Asks servers: Scrapy's downloader. The crawler follows redirects itself, so each call is one request and one answer.
class downloader {
 public:
  virtual ~downloader() = default;

  /// The head of the answer, whatever its status; its body is read by the crawler. `options` come with a time limit and without
  /// redirects. Throws what `http::session::get` throws.
  [[nodiscard]] virtual coro<http::response> get(const url& where, http::request_options options) = 0;

  /// The same without the body, for a link that is only checked. One that does not override it asks by GET.
  [[nodiscard]] HOCKET_CORO_WRAPPER virtual coro<http::response> head(const url& where, http::request_options options) {
    return get(where, std::move(options));
  }
};

/// Asks by one `http::session`, made of the crawl's options. `private_host` says of a host whether a private address is meant.
[[nodiscard]] std::unique_ptr<downloader> make_session_downloader(const crawl_options& options,
                                                                  std::function<bool(const url&)> private_host);

/// Has all that another one does recorded, by a recorder of its own for each request.
[[nodiscard]] std::shared_ptr<downloader> make_recording_downloader(
    std::shared_ptr<downloader> inner, std::function<std::shared_ptr<http::exchange_recorder>()> record);

/// What a session for crawling is like, without credentials: to build one's own downloader around.
[[nodiscard]] http::session_options crawl_session_options(const crawl_options& options,
                                                          std::function<bool(const url&)> private_host);

}  // namespace hocket::crawl
