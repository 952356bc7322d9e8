#include <algorithm>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>

#include <hocket/base/attributes.hpp>
#include <hocket/crawl/downloader.hpp>
#include <hocket/crawl/seed_credentials.hpp>
#include <hocket/http/client/detail/credential_fields.hpp>

namespace hocket::crawl {
namespace {

class session_downloader final : public downloader {
 public:
  session_downloader(http::session_options options, const crawl_options& crawl)
      : web_(std::move(options)), auth_(crawl.auth) {
    for (const auto [name, value] : crawl.fields)
      if (http::detail::is_credential(name)) credentials_.add(name, value);
    if (!auth_ && credentials_.empty()) return;
    for (const url& seed : crawl.seeds) origins_.insert(seed.origin());
  }

  HOCKET_CORO_WRAPPER coro<http::response> get(const url& where, http::request_options options) override {
    complete(where, options);
    return web_.get(where, std::move(options));
  }

  HOCKET_CORO_WRAPPER coro<http::response> head(const url& where, http::request_options options) override {
    complete(where, options);
    return web_.request("HEAD", url(where), std::move(options));
  }

 private:
  void complete(const url& where, http::request_options& options) const {
    if (!origins_.empty() && origins_.contains(where.origin())) add_credentials(options);
  }

  // A hook may have set others.
  void add_credentials(http::request_options& options) const {
    if (!options.auth && !options.fields.contains("Authorization")) options.auth = auth_;
    for (const auto [name, value] : credentials_)
      if (!options.fields.contains(name)) options.fields.add(name, value);
  }

  http::session web_;
  std::optional<http::credentials> auth_;
  http::headers credentials_;
  std::unordered_set<std::string> origins_;  // that they are for; none if there are none
};

class recording_downloader final : public downloader {
 public:
  recording_downloader(std::shared_ptr<downloader> inner,
                       std::function<std::shared_ptr<http::exchange_recorder>()> record)
      : inner_(std::move(inner)), record_(std::move(record)) {}

  HOCKET_CORO_WRAPPER coro<http::response> get(const url& where, http::request_options options) override {
    options.recorder = record_();
    return inner_->get(where, std::move(options));
  }

  HOCKET_CORO_WRAPPER coro<http::response> head(const url& where, http::request_options options) override {
    options.recorder = record_();
    return inner_->head(where, std::move(options));
  }

 private:
  std::shared_ptr<downloader> inner_;
  std::function<std::shared_ptr<http::exchange_recorder>()> record_;
};

}  // namespace

std::shared_ptr<downloader> make_recording_downloader(
    std::shared_ptr<downloader> inner, std::function<std::shared_ptr<http::exchange_recorder>()> record) {
  return std::make_shared<recording_downloader>(std::move(inner), std::move(record));
}

http::session_options crawl_session_options(const crawl_options& options,
                                            std::function<bool(const url&)> private_host) {
  http::session_options wanted;
  wanted.limit = options.concurrency;
  wanted.limit_per_host = options.per_host.value_or(8);
  wanted.timeouts = {.total = options.timeout, .sock_connect = options.timeout, .sock_read = options.timeout};
  wanted.user_agent = options.user_agent;
  wanted.tls = options.tls;
  wanted.resolver = options.resolver;
  wanted.default_headers = {{"Accept", "text/html,application/xhtml+xml,*/*;q=0.1"}};
  for (const auto [name, value] : options.fields)
    if (!http::detail::is_credential(name)) wanted.default_headers.set(name, value);
  wanted.cookies = options.cookies;
  wanted.wall_clock = options.wall_clock;
  wanted.proxies = options.proxies;
  if (std::ranges::any_of(options.seeds, &url::has_credentials))
    wanted.middlewares.push_back(show_credentials_of(options.seeds));
  wanted.allow_address = [allow_all = options.allow_private, private_host = std::move(private_host)](
                             const url& where, const socket_address& address) {
    return allow_all || address.is_global() || private_host(where);
  };
  return wanted;
}

std::unique_ptr<downloader> make_session_downloader(const crawl_options& options,
                                                    std::function<bool(const url&)> private_host) {
  return std::make_unique<session_downloader>(crawl_session_options(options, std::move(private_host)), options);
}

}  // namespace hocket::crawl
