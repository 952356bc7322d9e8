#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <hocket/base/intrusive_list.hpp>
#include <hocket/base/text_hash.hpp>
#include <hocket/redis/detail/command_keys.hpp>
#include <hocket/redis/reply.hpp>

namespace hocket::redis::detail {

/// Its answer depends on nothing but the keys that it names.
[[nodiscard]] bool is_cacheable(const command_rule& rule) noexcept;

/// Answers to commands, as long as none of their keys has changed; the one not asked for longest goes when there are too many.
class reply_cache {
 public:
  reply_cache(std::size_t max_entries, std::size_t max_bytes, std::uint64_t seed);
  reply_cache(const reply_cache&) = delete;
  ~reply_cache() { clear(); }

  /// A question that is with the server. What it is about may change before whoever asked has seen the answer.
  class fetch : public list_link<> {
   public:
    fetch(reply_cache& by, std::vector<std::string> keys) : keys_(std::move(keys)) { by.fetches_.push_back(*this); }
    ~fetch() {
      if (is_linked()) unlink();
    }
    fetch(const fetch&) = delete;

    [[nodiscard]] bool is_stale() const noexcept { return is_stale_; }

   private:
    friend class reply_cache;

    std::vector<std::string> keys_;
    bool is_stale_ = false;
  };

  /// Null: it has none.
  [[nodiscard]] const reply* find(std::string_view question);
  /// Keeps it, unless the fetch has become stale or it is larger than all may be.
  void keep(std::string question, const reply& answer, fetch& of);

  void invalidate(std::string_view key);
  void clear() noexcept;

  [[nodiscard]] std::size_t entries() const noexcept { return by_question_.size(); }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

 private:
  struct entry : list_link<> {
    std::string question;
    std::vector<std::string> keys;
    reply answer;
    std::size_t bytes = 0;
  };
  template <class T>
  using by_text = std::unordered_map<std::string, T, seeded_text_hash, std::equal_to<>>;

  void forget(entry& which) noexcept;

  const std::size_t max_entries_;
  const std::size_t max_bytes_;
  by_text<std::unique_ptr<entry>> by_question_;
  by_text<std::vector<entry*>> by_key_;
  intrusive_list<entry> by_use_;  // the one not asked for longest first
  intrusive_list<fetch> fetches_;
  std::size_t bytes_ = 0;
};

}  // namespace hocket::redis::detail
