#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <hocket/core/coro.hpp>
#include <hocket/crawl/page_links.hpp>
#include <hocket/http/client/response.hpp>
#include <hocket/http/range/validators.hpp>

namespace hocket::crawl {

/// What became of one URL; a line of pages.jsonl.
struct page_record {
  std::string_view url;
  std::string_view final_url;
  int status = 0;  // 0: there was no answer
  std::string_view content_type;
  std::uint64_t bytes = 0;  // of the content as it was read: decoded
  unsigned depth = 0;
  std::size_t links = 0;
  std::int64_t milliseconds = 0;
  bool is_partial = false;                          // its end did not come; links are those up to there
  std::span<const http::redirect_hop> redirects{};  // that led from `url` to `final_url`, in order
  const http::validators* validators = nullptr;     // of what was sent; null: none
  std::optional<std::uint64_t> content_hash{};      // of a page that was read to its end: see `content_digest`
  std::uint64_t lease =
      0;  // under which it was fetched; of records of one URL the greatest counts; 0: there is no other
  std::string_view archived;  // since when an archive has its content, as `warc_date`; empty: none has
  std::string_view error;     // empty: none
  const page_declarations* declared = nullptr;  // by the page and the fields of its answer
  const page_elements* elements = nullptr;      // null: nothing besides links is wanted
};

/// Where a crawl leaves what it finds: Scrapy's item pipelines. `output` writes files.
///
/// The crawler adds page by page, each with all of its links and items, without waiting; what was added becomes durable with the
/// next `flush`.
class pipeline {
 public:
  virtual ~pipeline() = default;

  virtual void add_page(const page_record& page, std::span<const page_link> links) = 0;
  /// A record that a spider took from `page`: one line of JSON, without the newline.
  virtual void add_item(std::string_view page, std::string_view json) = 0;

  /// Whether enough was added to be worth a flush: asked after each page, so that who adds faster than the disk takes it waits.
  [[nodiscard]] virtual bool is_full() const noexcept = 0;
  /// Hands on all that was added before the call. Throws `hocket::error`; then, and when cancelled, nothing is lost: the next
  /// flush hands it on.
  [[nodiscard]] virtual coro<void> flush() = 0;

  /// What was flushed before the call outlasts the death of the machine, too, when it returns. Throws `hocket::error`.
  [[nodiscard]] virtual coro<void> sync() { co_return; }

  /// Where what was added so far will end when it is flushed: what takes back, when the crawl is resumed, what came after. Empty: the
  /// pipeline knows no such thing.
  [[nodiscard]] virtual std::string position() const { return {}; }

  /// The crawl has ended, in order or interrupted; all is flushed. `summary` is JSON: see `summary_json`.
  [[nodiscard]] virtual coro<void> finish(std::string summary) = 0;
};

}  // namespace hocket::crawl
