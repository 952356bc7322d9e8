#pragma once

#include <memory>

#include <hocket/core/coro.hpp>
#include <hocket/crawl/frontier.hpp>
#include <hocket/crawl/output.hpp>
#include <hocket/crawl/warc/warc_archive.hpp>
#include <hocket/crawl/warc/warc_pipeline.hpp>
#include <hocket/crawl_redis/redis_frontier.hpp>

#include "crawl_arguments.hpp"
#include "earlier_crawl.hpp"

namespace hocket::app {

/// Where a crawl leaves what it finds, and what it remembers by.
struct crawl_places {
  // What comes later refers to what comes before.
  std::unique_ptr<crawl::output> out{};
  std::unique_ptr<crawl::warc_archive> archive{};  // null: none is wanted
  std::unique_ptr<crawl::warc_pipeline> archived{};
  std::shared_ptr<crawl::frontier> frontier{};  // null: memory

  std::shared_ptr<crawl::redis_frontier> shared{};  // the same, if several workers share it

  [[nodiscard]] crawl::pipeline& pipeline() noexcept {
    if (archived) return *archived;
    return *out;
  }
};

/// `earlier`: the crawl that is made again, or null; the places refer to it. Resumed, the crawl has the seeds and settings of its beginning, which go
/// into `options`, besides seeds that are given. Throws `failure`, `hocket::error`.
[[nodiscard]] coro<crawl_places> open_places(const crawl_arguments& arguments, const earlier_crawl* earlier,
                                             crawl::crawl_options& options, progress_display& display);

}  // namespace hocket::app
