#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <rocksdb/db.h>
#include <rocksdb/iterator.h>
#include <rocksdb/slice.h>
#include <rocksdb/write_batch.h>

namespace hocket::crawl::detail {

[[nodiscard]] inline rocksdb::Slice slice(std::string_view text) noexcept { return {text.data(), text.size()}; }

/// The database of a frontier. Its functions block, but for those of batches; they throw `hocket::error`, one line.
class frontier_store {
 public:
  enum class mode { begin, resume };

  /// Opens the folder, or makes it. Nothing is written before the crawl has its seeds: one that has none was not begun.
  frontier_store(std::string folder, mode how, const std::string& settings);

  /// Of the crawl in this folder, if there is one. Changes nothing.
  [[nodiscard]] static std::optional<std::string> settings_of(std::string folder);

  /// What a crawl begins with, besides its seeds.
  void put_heading(rocksdb::WriteBatch& changes) const;

  [[nodiscard]] std::optional<std::string> find(std::string_view key) const;
  [[nodiscard]] bool holds(std::string_view key) const;
  void write(rocksdb::WriteBatch& changes);
  /// What was written outlasts the machine. Others may write meanwhile.
  void sync();

  [[nodiscard]] std::unique_ptr<rocksdb::Iterator> iterate() const;
  /// Throws if the iterator has ended for another reason than that there is no more.
  void require_end(const rocksdb::Iterator& at) const;

  /// Visits all keys that begin with `prefix`, with their values.
  template <class Visit>
  void each(std::string_view prefix, Visit visit) const {
    const auto at = iterate();
    for (at->Seek(slice(prefix)); at->Valid() && at->key().starts_with(slice(prefix)); at->Next())
      visit(at->key().ToStringView(), at->value().ToStringView());
    require_end(*at);
  }

 private:
  explicit frontier_store(std::string folder) : folder_(std::move(folder)) {}
  [[nodiscard]] std::optional<std::string> look_at_settings();
  [[nodiscard]] bool holds_database() const;
  void open_database();
  void require_unused() const;
  void require_lock(const rocksdb::Status& status) const;
  [[nodiscard]] bool is_empty() const;
  void check_magic() const;
  void check_settings(const std::string& before) const;
  void require(const rocksdb::Status& status, const char* what) const;

  std::string folder_;
  std::string settings_;
  std::unique_ptr<rocksdb::DB> database_;
};

}  // namespace hocket::crawl::detail
