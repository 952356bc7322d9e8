// Keys begin with a letter: `s` + URL was seen; `q` + number waits; `n` + URL was passed over, with the reason; `m` + name is about
// the crawl as a whole. Numbers are big-endian, so that what was found first is read first.
//
// A batch goes three steps: on a thread, which URLs are new; on the loop, which of those are wanted; on a thread, the write. Only
// one is under way, so nobody else changes what it has looked up. Nearly all links of a page were seen before and most of late: a
// table of digests, each in the place of an older one, answers for them. A digest has 64 bits of which nobody outside knows the
// seed; two URLs are taken for one with a probability of 10^-13 among a million.

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <optional>
#include <sstream>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <hocket/base/error.hpp>
#include <hocket/core/cancel_scope.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/crawl/duplicates.hpp>
#include <hocket/crawl_rocksdb/rocksdb_frontier.hpp>
#include <hocket/exec/to_thread.hpp>
#include <hocket/loop/loop.hpp>
#include <hocket/sync/lock.hpp>

namespace hocket::crawl {
namespace {

constexpr std::string_view magic = "hocket crawl frontier 1";
constexpr auto gathered_for = std::chrono::milliseconds(2);  // pages for one batch: a write costs as much as some pages
constexpr std::size_t digests_kept = std::size_t{1} << 20;
constexpr std::size_t cache_bytes = std::size_t{32} << 20;

rocksdb::Slice slice(std::string_view text) { return {text.data(), text.size()}; }

std::string key(char kind, std::string_view rest) { return std::string(1, kind).append(rest); }

std::string number_key(std::uint64_t number) {
  std::string made = "q";
  for (int shift = 56; shift >= 0; shift -= 8) made += static_cast<char>(number >> shift);
  return made;
}

std::uint64_t number_of(std::string_view number_key) {
  std::uint64_t number = 0;
  for (const char byte : number_key.substr(1)) number = number << 8 | static_cast<unsigned char>(byte);
  return number;
}

std::string text_of(const tally& counts) {
  std::string text = fmt::format("{} {} {} {} {}", counts.pages, counts.ok, counts.failed, counts.links, counts.bytes);
  for (const auto& [reason, count] : counts.skipped) text += fmt::format(" {} {}", reason, count);
  return text;
}

std::optional<tally> tally_of(const std::string& text) {
  std::istringstream words(text);
  tally counts;
  if (!(words >> counts.pages >> counts.ok >> counts.failed >> counts.links >> counts.bytes)) return std::nullopt;
  std::string reason;
  while (words >> reason)
    if (!(words >> counts.skipped[reason])) return std::nullopt;
  return counts;
}

std::string value_of(const target& waiting) { return fmt::format("{} {}", waiting.depth, waiting.url.href()); }

target target_of(std::string_view where, std::string_view value) {
  const std::size_t blank = value.find(' ');
  unsigned depth = 0;
  std::from_chars(value.data(), value.data() + blank, depth);
  auto place = blank == std::string_view::npos ? std::unexpected(url_error{}) : url::parse(value.substr(blank + 1));
  if (!place) throw error(fmt::format("the frontier is broken: '{}' is no URL that waits", value));
  return {.url = std::move(*place), .depth = depth, .number = number_of(where)};
}

}  // namespace

/// The database; its functions block.
class rocksdb_frontier::store {
 public:
  store(std::string folder, std::uint64_t seed) : folder_(std::move(folder)), seed_(seed) {}

  // Nothing is written before the crawl has its seeds: one that has none was not begun.
  void open(mode how, const std::string& settings) {
    const bool is_there = holds_database();
    if (is_there || how == mode::begin) open_database();
    const bool has_crawl = is_there && !is_empty();
    if (has_crawl) check_magic();
    if (has_crawl && how == mode::begin)
      throw error(fmt::format("'{}' holds a crawl: --resume goes on with it, or take it away", folder_));
    if (!has_crawl && how == mode::resume) throw error(fmt::format("there is no crawl to resume in '{}'", folder_));
    if (has_crawl) check_settings(settings);
    settings_ = settings;
  }

  void put_heading(rocksdb::WriteBatch& all) const {
    all.Put("mmagic", slice(magic));
    all.Put("msettings", settings_);
  }

  [[nodiscard]] std::optional<std::string> find(const std::string& where) {
    std::string value;
    const rocksdb::Status status = database_->Get(rocksdb::ReadOptions(), where, &value);
    if (status.IsNotFound()) return std::nullopt;
    require(status, "read");
    return value;
  }

  /// Whether a URL was seen.
  [[nodiscard]] bool has_seen(std::string_view href) {
    if (is_recent('s', href)) return true;
    const bool found = find(key('s', href)).has_value();
    if (found) remember('s', href);
    return found;
  }

  /// Digests are asked for and remembered on the loop or on the thread of the one batch under way, never on both at once.
  [[nodiscard]] bool is_recent(char kind, std::string_view href) const {
    const std::uint64_t digest = digest_of(kind, href);
    return digests_[digest % digests_kept] == digest;
  }
  void remember(char kind, std::string_view href) {
    const std::uint64_t digest = digest_of(kind, href);
    digests_[digest % digests_kept] = digest;
  }

  template <class Fill>
  void write(Fill fill) {
    rocksdb::WriteBatch all;
    fill(all);
    require(database_->Write(rocksdb::WriteOptions(), &all), "write");
  }

  /// Visits all keys that begin with a letter, until it returns false.
  template <class Visit>
  void each(char kind, Visit visit) {
    const std::unique_ptr<rocksdb::Iterator> at(database_->NewIterator(rocksdb::ReadOptions()));
    for (at->Seek(std::string(1, kind)); at->Valid() && at->key()[0] == kind; at->Next())
      if (!visit(at->key().ToStringView(), at->value().ToStringView())) return;
    require(at->status(), "read");
  }

 private:
  [[nodiscard]] bool holds_database() const {
    std::error_code problem;
    if (std::filesystem::exists(folder_ + "/CURRENT", problem)) return true;
    if (std::filesystem::exists(folder_, problem) && !std::filesystem::is_directory(folder_, problem))
      throw error(fmt::format("'{}' is no folder", folder_));
    if (std::filesystem::exists(folder_, problem) && !std::filesystem::is_empty(folder_, problem))
      throw error(fmt::format("'{}' holds other files: a frontier takes a folder of its own", folder_));
    return false;
  }

  void open_database() {
    std::error_code problem;
    std::filesystem::create_directories(folder_, problem);
    if (problem) throw error(fmt::format("cannot make '{}': {}", folder_, problem.message()));
    rocksdb::BlockBasedTableOptions table;
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
    table.block_cache = rocksdb::NewLRUCache(cache_bytes);
    table.cache_index_and_filter_blocks = true;  // or they grow with the URLs
    rocksdb::Options options;
    options.create_if_missing = true;
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    options.write_buffer_size = cache_bytes;
    options.max_open_files = 256;
    options.keep_log_file_num = 1;
    options.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
    rocksdb::DB* opened = nullptr;
    const rocksdb::Status status = rocksdb::DB::Open(options, folder_, &opened);
    if (status.IsIOError() && status.ToString().find("LOCK") != std::string::npos)
      throw error(fmt::format("'{}' is in use by another process", folder_));
    require(status, "open");
    database_.reset(opened);
  }

  [[nodiscard]] bool is_empty() {
    const std::unique_ptr<rocksdb::Iterator> at(database_->NewIterator(rocksdb::ReadOptions()));
    at->SeekToFirst();
    require(at->status(), "read");
    return !at->Valid();
  }

  void check_magic() {
    const auto found = find("mmagic");
    if (!found) throw error(fmt::format("'{}' is the database of another program", folder_));
    if (*found != magic) throw error(fmt::format("'{}' is of another version of hocket: '{}'", folder_, *found));
  }

  void check_settings(const std::string& settings) {
    const std::string before = find("msettings").value_or("");
    if (before == settings) return;
    throw error(
        fmt::format("the crawl in '{}' was begun with {}; it cannot be resumed with {}", folder_, before, settings));
  }

  void require(const rocksdb::Status& status, const char* what) const {
    if (!status.ok()) throw error(fmt::format("cannot {} the frontier '{}': {}", what, folder_, status.ToString()));
  }

  [[nodiscard]] std::uint64_t digest_of(char kind, std::string_view href) const {
    content_digest digest(seed_ ^ static_cast<unsigned char>(kind));
    digest.feed(href);
    return digest.value();
  }

  std::string folder_;
  std::string settings_;
  std::unique_ptr<rocksdb::DB> database_;
  std::vector<std::uint64_t> digests_ = std::vector<std::uint64_t>(digests_kept);
  std::uint64_t seed_;
};

/// A page that has ended and waits for its batch.
struct rocksdb_frontier::ended {
  const finished_page* done;
  std::vector<bool> is_new{};  // of its links
  std::vector<target> fresh{};
  bool is_written = false;
};

/// What is written at once. Borrows from pages, which wait for that.
struct rocksdb_frontier::batch {
  std::vector<ended*> pages{};
  std::vector<std::pair<std::string, std::string_view>> passed_over{};
  std::unordered_set<std::string_view> seen{};  // for the first time, wanted or not
};

struct rocksdb_frontier::line {
  lock one_at_a_time;
  std::vector<ended*> waiting;
  std::vector<std::pair<std::string, std::string_view>> passed_over;  // for the next batch
  std::unordered_set<std::string> claimed;                            // by pages under way
  std::exception_ptr broken;                                          // a batch was not written: none is from then on
};

rocksdb_frontier::rocksdb_frontier(std::shared_ptr<store> kept)
    : store_(std::move(kept)), line_(std::make_unique<line>()) {}

rocksdb_frontier::~rocksdb_frontier() = default;

coro<std::shared_ptr<rocksdb_frontier>> rocksdb_frontier::open(std::string folder, mode how, std::string settings) {
  std::shared_ptr<rocksdb_frontier> made(
      new rocksdb_frontier(std::make_shared<store>(std::move(folder), loop::running().random()())));
  co_await to_thread([&] {
    made->store_->open(how, settings);
    made->load();
  });
  co_return made;
}

// On a thread, before anybody else has it.
void rocksdb_frontier::load() {
  position_ = store_->find("mposition").value_or("");
  if (const auto counts = store_->find("mcounts")) {
    const auto known = tally_of(*counts);
    if (!known) throw error(fmt::format("the frontier is broken: '{}' are no counts", *counts));
    counts_ = *known;
  }
  if (const auto number = store_->find("mnumber")) next_number_ = number_of(*number);
  if (const auto seen = store_->find("mseen")) seen_ = number_of(*seen);
  std::istringstream seeds(store_->find("mseeds").value_or(""));
  for (std::string each; std::getline(seeds, each);) seeds_.push_back(each);
}

coro<std::vector<target>> rocksdb_frontier::begin(std::span<const url> seeds, const judge& decide) {
  std::vector<target> left;
  std::vector<const url*> fresh;
  co_await to_thread([&] {
    store_->each('q', [&left](std::string_view where, std::string_view value) {
      left.push_back(target_of(where, value));
      return true;
    });
    for (const url& seed : seeds)
      if (!store_->has_seen(seed.href())) fresh.push_back(&seed);
  });
  std::unordered_set<std::string_view> seen;
  const std::size_t first_new = left.size();
  for (const url* seed : fresh) {
    if (!seen.insert(seed->href()).second) continue;
    seeds_.push_back(seed->href());
    if (decide(*seed).empty()) left.push_back({.url = *seed, .number = next_number_++});
  }
  seen_ += seen.size();
  co_await to_thread([&] {
    store_->write([&](rocksdb::WriteBatch& all) {
      for (const std::string_view href : seen) all.Put(key('s', href), "");
      for (std::size_t n = first_new; n < left.size(); ++n) all.Put(number_key(left[n].number), value_of(left[n]));
      store_->put_heading(all);
      all.Put("mseeds", fmt::format("{}", fmt::join(seeds_, "\n")));
      put_state(all);
    });
  });
  co_return left;
}

// Not to be cancelled while a batch may be made of it, for that borrows from the page.
coro<std::vector<target>> rocksdb_frontier::finish(const finished_page& done, const judge& decide) {
  cancel_scope shield({.shield = true});
  ended mine{&done};
  line_->waiting.push_back(&mine);
  co_await shield.run(be_written(mine, decide));
  co_return std::move(mine.fresh);
}

// Whoever comes first writes for all who have come meanwhile.
coro<void> rocksdb_frontier::be_written(ended& mine, const judge& decide) {
  const auto held = co_await line_->one_at_a_time.scoped_lock();
  if (!mine.is_written && !line_->broken) {
    co_await sleep(gathered_for);
    co_await commit(decide);
  }
  if (line_->broken) std::rethrow_exception(line_->broken);
}

coro<void> rocksdb_frontier::commit(const judge& decide) {
  batch all{.pages = std::exchange(line_->waiting, {}), .passed_over = std::exchange(line_->passed_over, {})};
  try {
    if (out_ != nullptr) co_await out_->flush();
    if (!look_up_recent(all)) co_await to_thread([&] { look_up(all); });
    for (ended* const page : all.pages) decide_about(all, *page, decide);
    co_await to_thread([&] { write(all); });
  } catch (const std::exception&) {
    line_->broken = std::current_exception();
    co_return;
  }
  for (ended* const page : all.pages) {
    page->is_written = true;
    for (const std::string& href : page->done->claimed) line_->claimed.erase(href);
  }
}

// By the table of digests alone; false if the database is to be asked about some.
bool rocksdb_frontier::look_up_recent(batch& all) {
  bool are_all_known = true;
  for (ended* const page : all.pages) {
    const finished_page& done = *page->done;
    page->is_new.resize(done.links.size());
    for (std::size_t n = 0; n < done.links.size(); ++n) {
      const page_link& link = done.links[n];
      const std::string_view reason = !done.not_followed.empty() ? done.not_followed : link.nofollow ? "nofollow" : "";
      if (!reason.empty()) {
        if (!store_->is_recent('n', link.url.href())) all.passed_over.emplace_back(link.url.href(), reason);
      } else if (!store_->is_recent('s', link.url.href())) {
        page->is_new[n] = true;
        are_all_known = false;
      }
    }
  }
  return are_all_known;
}

// On a thread: about those that are left.
void rocksdb_frontier::look_up(batch& all) {
  for (ended* const page : all.pages)
    for (std::size_t n = 0; n < page->is_new.size(); ++n)
      if (page->is_new[n]) page->is_new[n] = !store_->has_seen(page->done->links[n].url.href());
}

void rocksdb_frontier::decide_about(batch& all, ended& page, const judge& decide) {
  const finished_page& done = *page.done;
  for (std::size_t n = 0; n < done.links.size(); ++n) {
    const url& link = done.links[n].url;
    if (!page.is_new[n] || line_->claimed.contains(link.href()) || !all.seen.insert(link.href()).second) continue;
    const std::string_view reason = decide(link);
    if (reason.empty())
      page.fresh.push_back({.url = link, .depth = done.page.depth + 1, .number = next_number_++});
    else
      ++counts_.skipped[std::string(reason)];
  }
  position_ = done.position;
  count(done);
}

void rocksdb_frontier::count(const finished_page& done) {
  if (!done.skipped.empty()) ++counts_.skipped[std::string(done.skipped)];
  if (done.record == nullptr) return;
  ++counts_.pages;
  ++(done.record->error.empty() ? counts_.ok : counts_.failed);
  counts_.links += done.record->links;
  counts_.bytes += done.record->bytes;
}

// On a thread.
void rocksdb_frontier::write(batch& all) {
  seen_ += all.seen.size();
  store_->write([&](rocksdb::WriteBatch& changes) {
    for (const ended* const page : all.pages) {
      const finished_page& done = *page->done;
      if (done.page.number != 0) changes.Delete(number_key(done.page.number));
      for (const std::string& href : done.claimed) changes.Put(key('s', href), "");
      for (const target& each : page->fresh) changes.Put(number_key(each.number), value_of(each));
      seen_ += done.claimed.size();
    }
    for (const std::string_view href : all.seen) changes.Put(key('s', href), "");
    for (const auto& [href, reason] : all.passed_over) changes.Put(key('n', href), slice(reason));
    put_state(changes);
  });
  for (const std::string_view href : all.seen) store_->remember('s', href);
  for (const auto& [href, reason] : all.passed_over) store_->remember('n', href);
}

template <class Changes>
void rocksdb_frontier::put_state(Changes& changes) const {
  changes.Put("mposition", position_);
  changes.Put("mcounts", text_of(counts_));
  changes.Put("mnumber", number_key(next_number_));
  changes.Put("mseen", number_key(seen_));
}

coro<bool> rocksdb_frontier::claim(std::string href) {
  const auto held = co_await line_->one_at_a_time.scoped_lock();
  if (line_->claimed.contains(href)) co_return false;
  const bool seen = co_await to_thread([&] { return store_->has_seen(href); });
  if (!seen) line_->claimed.insert(std::move(href));
  co_return !seen;
}

void rocksdb_frontier::pass_over(std::string_view href, std::string_view reason) {
  line_->passed_over.emplace_back(href, reason);
}

coro<void> rocksdb_frontier::visit_passed_over(
    std::function<void(std::string_view href, std::string_view reason)> visit) {
  const auto held = co_await line_->one_at_a_time.scoped_lock();
  auto left = std::exchange(line_->passed_over, {});  // of pages that were not finished
  std::vector<std::pair<std::string, std::string>> found;
  co_await to_thread([&] {
    for (const auto& [href, reason] : left)
      if (!store_->has_seen(href)) found.emplace_back(href, reason);
    store_->each('n', [&](std::string_view where, std::string_view reason) {
      if (!store_->has_seen(where.substr(1))) found.emplace_back(where.substr(1), reason);
      return true;
    });
  });
  for (const auto& [href, reason] : found) visit(href, reason);
}

}  // namespace hocket::crawl
