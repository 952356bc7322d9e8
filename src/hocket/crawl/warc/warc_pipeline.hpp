#pragma once

#include <span>
#include <string>
#include <string_view>

#include <hocket/crawl/pipeline.hpp>
#include <hocket/crawl/warc/warc_archive.hpp>
#include <hocket/sync/lock.hpp>

namespace hocket::crawl {

/// Writes an archive before what another pipeline is given: a page that is on file there has its exchanges on file here. Pages are told since when
/// it has them (`page_record::archived`). Both outlive it.
class warc_pipeline final : public pipeline {
 public:
  warc_pipeline(warc_archive& archive, pipeline& out) noexcept : archive_(archive), out_(out) {}

  void add_page(const page_record& page, std::span<const page_link> links) override;
  void add_item(std::string_view page, std::string_view json) override { out_.add_item(page, json); }
  [[nodiscard]] bool is_full() const noexcept override { return archive_.is_full() || out_.is_full(); }
  [[nodiscard]] std::string position() const override { return out_.position(); }
  [[nodiscard]] coro<void> flush() override;
  [[nodiscard]] coro<void> sync() override;
  [[nodiscard]] coro<void> finish(std::string summary) override;

 private:
  warc_archive& archive_;
  pipeline& out_;
  lock flushing_;  // so that no page is added between the two
};

}  // namespace hocket::crawl
