#pragma once

#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <string>
#include <unordered_set>
#include <vector>

#include <hocket/base/attributes.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/crawl/detail/found_copy.hpp>
#include <hocket/crawl/hooks.hpp>
#include <hocket/crawl/pipeline.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket::crawl::detail {

/// Brings what crawlers on several loops have found to one pipeline and one set of hooks, which live on the loop where this was made. In the order in
/// which each of them has told it.
class one_writer {
 public:
  /// Both must outlive it.
  one_writer(pipeline& out, const crawl_hooks& hooks) : home_(loop::running()), out_(out), hooks_(hooks) {}
  one_writer(const one_writer&) = delete;

  /// On any thread.
  void add(found_copy what, std::size_t bytes);
  /// Who adds is to wait in `flush`.
  [[nodiscard]] bool is_full() const noexcept;
  [[nodiscard]] coro<void> flush();

  /// On its own loop.
  [[nodiscard]] coro<void> flush_here();

  /// What is told to the hooks of one of the crawlers. What they are asked (`before_request`, `on_links` and the like) is asked on its thread.
  [[nodiscard]] crawl_hooks hooks_for_one();

 private:
  void take_in() noexcept;
  void tell(const found_copy& what);
  void tell_note(const std::string& text);

  loop& home_;
  pipeline& out_;
  const crawl_hooks& hooks_;
  std::unordered_set<std::string> notes_;  // each is told once
  std::exception_ptr broken_;

  std::mutex mutex_;
  std::vector<found_copy> waiting_;  // for `take_in`
  std::atomic<std::size_t> waiting_bytes_ = 0;
  std::atomic<bool> is_out_full_ = false;
};

/// The pipeline of one of the crawlers.
class writers_end final : public pipeline {
 public:
  explicit writers_end(one_writer& to) noexcept : to_(to) {}

  void add_page(const page_record& page, std::span<const page_link> links) override;
  void add_item(std::string_view page, std::string_view json) override;
  [[nodiscard]] bool is_full() const noexcept override { return to_.is_full(); }
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<void> flush() override { return to_.flush(); }
  // That of all is told when the last of them has ended.
  [[nodiscard]] coro<void> finish(std::string /*summary*/) override { co_return; }

 private:
  one_writer& to_;
};

}  // namespace hocket::crawl::detail
