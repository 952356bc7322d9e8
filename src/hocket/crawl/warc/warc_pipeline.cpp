#include <utility>

#include <hocket/crawl/warc/warc_pipeline.hpp>

namespace hocket::crawl {

coro<void> warc_pipeline::flush() {
  const auto held = co_await flushing_.scoped_lock();
  co_await archive_.flush();
  co_await out_.flush();
}

coro<void> warc_pipeline::sync() {
  co_await archive_.sync();
  co_await out_.sync();
}

coro<void> warc_pipeline::finish(std::string summary) {
  co_await archive_.close();
  co_await out_.finish(std::move(summary));
}

}  // namespace hocket::crawl
