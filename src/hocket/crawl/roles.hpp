#pragma once

#include <memory>

#include <hocket/crawl/downloader.hpp>
#include <hocket/crawl/earlier_pages.hpp>
#include <hocket/crawl/frontier.hpp>
#include <hocket/crawl/spider.hpp>

namespace hocket::crawl {

/// The parts of a crawl that one may bring along; null: the usual one, made of the options.
struct crawl_roles {
  std::shared_ptr<crawl::downloader> downloader{};
  std::shared_ptr<crawl::spider> spider{};
  std::shared_ptr<crawl::frontier> frontier{};
  std::shared_ptr<crawl::earlier_pages> earlier{};  // null: every page is read
};

}  // namespace hocket::crawl
