#include <string>
#include <utility>

#include <hocket/crawl/warc/warc_pipeline.hpp>

namespace hocket::crawl {

void warc_pipeline::add_page(const page_record& page, std::span<const page_link> links) {
  const std::string date = archive_.take_date_of(page.final_url);
  page_record known = page;
  if (!date.empty()) known.archived = date;
  out_.add_page(known, links);
}

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
