#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <hocket/core/coro.hpp>
#include <hocket/crawl/earlier_pages.hpp>
#include <hocket/crawl/page_elements.hpp>
#include <hocket/graph/crawl_index.hpp>

namespace hocket::app {

/// What an earlier crawl has found, by the files that it has written. These may be replaced meanwhile.
class earlier_crawl final : public crawl::earlier_pages {
 public:
  /// `wanted`: what is taken of pages now. `is_archived`: an archive is to have all pages, so that what it has not is sent again. Blocks. Throws
  /// `hocket::error`.
  earlier_crawl(const std::string& directory, crawl::element_options wanted, bool is_archived);

  /// The earlier crawl has taken of its pages all that is wanted now; otherwise it is of no use.
  [[nodiscard]] bool suffices() const noexcept { return suffices_; }
  /// How many pages were recalled.
  [[nodiscard]] std::uint64_t recalled() const noexcept { return recalled_; }

  /// Since when an archive has what was found there; empty: none has.
  [[nodiscard]] std::string archived(std::string_view where) const;

  [[nodiscard]] http::validators validators_of(const url& where) const override;
  [[nodiscard]] coro<crawl::earlier_page> recall(url where) override;

 private:
  [[nodiscard]] crawl::earlier_page read(graph::node page) const;
  void read_links(graph::node page, crawl::findings& found) const;
  void read_elements(graph::node page, crawl::findings& found) const;

  graph::crawl_index index_;
  crawl::element_options wanted_;
  bool suffices_;
  bool is_archived_;
  std::uint64_t recalled_ = 0;
};

}  // namespace hocket::app
