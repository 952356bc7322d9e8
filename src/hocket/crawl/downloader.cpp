#include <utility>

#include <hocket/base/attributes.hpp>
#include <hocket/crawl/downloader.hpp>

namespace hocket::crawl {
namespace {

class session_downloader final : public downloader {
 public:
  explicit session_downloader(http::session_options options) : web_(std::move(options)) {}

  HOCKET_CORO_WRAPPER coro<http::response> get(const url& where, http::request_options options) override {
    return web_.get(where, std::move(options));
  }

 private:
  http::session web_;
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
  wanted.allow_address = [allow_all = options.allow_private, private_host = std::move(private_host)](
                             const url& where, const socket_address& address) {
    return allow_all || address.is_global() || private_host(where);
  };
  return wanted;
}

std::unique_ptr<downloader> make_session_downloader(const crawl_options& options,
                                                    std::function<bool(const url&)> private_host) {
  return std::make_unique<session_downloader>(crawl_session_options(options, std::move(private_host)));
}

}  // namespace hocket::crawl
