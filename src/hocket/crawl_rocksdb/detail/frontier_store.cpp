#include <cstdarg>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <rocksdb/cache.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>

#include <hocket/base/error.hpp>
#include <hocket/crawl_rocksdb/detail/frontier_store.hpp>

namespace hocket::crawl::detail {
namespace {

constexpr std::string_view magic = "hocket crawl frontier 4";
constexpr std::size_t memtable_bytes = std::size_t{16} << 20;  // some 20,000 pages
constexpr std::size_t cache_bytes = std::size_t{8} << 20;
constexpr int cache_shard_bits = 1;  // few threads ask: a share is not to be small

/// The database keeps no diary.
class silent_logger final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

/// The first byte of a key: of which kind it is.
class kind_of_key final : public rocksdb::SliceTransform {
 public:
  [[nodiscard]] const char* Name() const override { return "hocket.kind"; }
  [[nodiscard]] rocksdb::Slice Transform(const rocksdb::Slice& key) const override { return {key.data(), 1}; }
  [[nodiscard]] bool InDomain(const rocksdb::Slice& key) const override { return !key.empty(); }
};

rocksdb::Options make_options() {
  rocksdb::BlockBasedTableOptions table;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.block_cache = rocksdb::NewLRUCache(cache_bytes, cache_shard_bits);
  table.cache_index_and_filter_blocks = true;  // or they grow with the URLs
  // In parts, or those of a file are one block, which is larger than the cache some day and read anew for each look-up.
  table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
  table.partition_filters = true;
  rocksdb::Options options;
  options.create_if_missing = true;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.write_buffer_size = memtable_bytes;
  options.max_open_files = 256;
  // Keys of a kind are written in their order, mostly: each has its place near the one before. There is one writer.
  options.memtable_insert_with_hint_prefix_extractor = std::make_shared<kind_of_key>();
  options.allow_concurrent_memtable_write = false;
  options.info_log = std::make_shared<silent_logger>();
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  return options;
}

}  // namespace

frontier_store::frontier_store(std::string folder, mode how, const std::string& settings)
    : folder_(std::move(folder)), settings_(settings) {
  const auto before = look_at_settings();
  if (before && how == mode::begin)
    throw error(fmt::format("'{}' holds a crawl: --resume goes on with it, or take it away", folder_));
  if (!before && how == mode::resume) throw error(fmt::format("there is no crawl to resume in '{}'", folder_));
  open_database();
  if (before) check_settings(*before);
}

std::optional<std::string> frontier_store::settings_of(std::string folder) {
  return frontier_store(std::move(folder)).look_at_settings();
}

// What is there is looked at without being changed, for it may be somebody else's: opening it would write to it.
std::optional<std::string> frontier_store::look_at_settings() {
  if (!holds_database()) return std::nullopt;
  require_unused();
  rocksdb::DB* opened = nullptr;
  require(rocksdb::DB::OpenForReadOnly(make_options(), folder_, &opened), "open");
  database_.reset(opened);
  std::optional<std::string> settings;
  if (!is_empty()) {
    check_magic();
    settings = find("msettings").value_or("");
  }
  database_.reset();
  return settings;
}

void frontier_store::put_heading(rocksdb::WriteBatch& changes) const {
  changes.Put("mmagic", slice(magic));
  changes.Put("msettings", settings_);
}

std::optional<std::string> frontier_store::find(std::string_view key) const {
  std::string value;
  const rocksdb::Status status = database_->Get(rocksdb::ReadOptions(), slice(key), &value);
  if (status.IsNotFound()) return std::nullopt;
  require(status, "read");
  return value;
}

bool frontier_store::holds(std::string_view key) const { return find(key).has_value(); }

void frontier_store::write(rocksdb::WriteBatch& changes) {
  require(database_->Write(rocksdb::WriteOptions(), &changes), "write");
}

void frontier_store::sync() { require(database_->SyncWAL(), "sync"); }

std::unique_ptr<rocksdb::Iterator> frontier_store::iterate() const {
  return std::unique_ptr<rocksdb::Iterator>(database_->NewIterator(rocksdb::ReadOptions()));
}

void frontier_store::require_end(const rocksdb::Iterator& at) const { require(at.status(), "read"); }

bool frontier_store::holds_database() const {
  std::error_code problem;
  if (std::filesystem::exists(folder_ + "/CURRENT", problem)) return true;
  if (std::filesystem::exists(folder_, problem) && !std::filesystem::is_directory(folder_, problem))
    throw error(fmt::format("'{}' is no folder", folder_));
  if (std::filesystem::exists(folder_, problem) && !std::filesystem::is_empty(folder_, problem))
    throw error(fmt::format("'{}' holds other files: a frontier takes a folder of its own", folder_));
  return false;
}

void frontier_store::open_database() {
  std::error_code problem;
  std::filesystem::create_directories(folder_, problem);
  if (problem) throw error(fmt::format("cannot make '{}': {}", folder_, problem.message()));
  rocksdb::DB* opened = nullptr;
  require_lock(rocksdb::DB::Open(make_options(), folder_, &opened));
  database_.reset(opened);
}

void frontier_store::require_unused() const {
  rocksdb::Env& system = *rocksdb::Env::Default();
  rocksdb::FileLock* held = nullptr;
  require_lock(system.LockFile(folder_ + "/LOCK", &held));
  system.UnlockFile(held);
}

// RocksDB tells what is locked from other errors by its text only.
void frontier_store::require_lock(const rocksdb::Status& status) const {
  const std::string text = status.ToString();
  for (const char* in_use : {"Resource temporarily unavailable", "lock hold by current process"})
    if (status.IsIOError() && text.find(in_use) != std::string::npos)
      throw error(fmt::format("'{}' is in use by another process", folder_));
  require(status, "open");
}

bool frontier_store::is_empty() const {
  const auto at = iterate();
  at->SeekToFirst();
  require_end(*at);
  return !at->Valid();
}

void frontier_store::check_magic() const {
  const auto found = find("mmagic");
  if (!found) throw error(fmt::format("'{}' is the database of another program", folder_));
  if (*found != magic) throw error(fmt::format("'{}' is of another version of hocket: '{}'", folder_, *found));
}

void frontier_store::check_settings(const std::string& before) const {
  if (before == settings_) return;
  throw error(
      fmt::format("the crawl in '{}' was begun with {}; it cannot be resumed with {}", folder_, before, settings_));
}

// RocksDB's texts may have lines.
void frontier_store::require(const rocksdb::Status& status, const char* what) const {
  if (status.ok()) return;
  std::string why = status.ToString();
  for (char& c : why)
    if (c == '\n' || c == '\r') c = ' ';
  throw error(fmt::format("cannot {} the frontier '{}': {}", what, folder_, why));
}

}  // namespace hocket::crawl::detail
