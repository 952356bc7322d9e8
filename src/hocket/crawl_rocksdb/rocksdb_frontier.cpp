// A batch goes four steps: on the loop, which links are new; on a thread, and only for those that the table of digests cannot tell,
// which the database has seen; on the loop again, which of them are wanted; on a thread, the write, and reading what may be fetched
// next. Only one batch is under way, so nobody else changes what it has looked up.

#include <algorithm>
#include <chrono>
#include <deque>
#include <iterator>
#include <optional>
#include <sstream>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <hocket/base/error.hpp>
#include <hocket/core/cancel_scope.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/crawl_rocksdb/detail/frontier_keys.hpp>
#include <hocket/crawl_rocksdb/detail/frontier_store.hpp>
#include <hocket/crawl_rocksdb/detail/recent_digests.hpp>
#include <hocket/crawl_rocksdb/detail/undone_page.hpp>
#include <hocket/crawl_rocksdb/detail/workbench.hpp>
#include <hocket/crawl_rocksdb/rocksdb_frontier.hpp>
#include <hocket/exec/to_thread.hpp>
#include <hocket/loop/loop.hpp>
#include <hocket/sync/event.hpp>
#include <hocket/sync/lock.hpp>

namespace hocket::crawl {
namespace {

using detail::recent_digests;
using detail::slice;
using detail::undone_page;
using detail::url_digest;

constexpr auto gathered_for = std::chrono::milliseconds(5);  // pages for one batch: a write costs as much as some pages
constexpr std::size_t bytes_of_batch = std::size_t{4} << 20;  // of URLs: it is in memory two or three times
constexpr std::size_t bytes_of_passed_over_digests = std::size_t{1} << 20;
constexpr std::size_t visited_at_once = 1000;

// What changes with each batch.
struct saved_state {
  std::string position;
  std::uint64_t next_number = 1;
  std::uint64_t seen = 0;
  std::uint64_t waiting = 0;
  std::uint64_t batches = 0;
  tally counts;
};

std::string text_of(const saved_state& state) {
  const tally& counts = state.counts;
  std::string text =
      fmt::format("{}\n{} {} {} {} {} {} {} {} {}", state.position, state.next_number, state.seen, state.waiting,
                  state.batches, counts.pages, counts.ok, counts.failed, counts.links, counts.bytes);
  for (const auto& [reason, count] : counts.skipped) text += fmt::format(" {} {}", reason, count);
  return text;
}

saved_state state_of(const std::string& text) {
  std::istringstream words(text);
  saved_state state;
  tally& counts = state.counts;
  std::getline(words, state.position);
  bool is_whole = static_cast<bool>(words >> state.next_number >> state.seen >> state.waiting >> state.batches >>
                                    counts.pages >> counts.ok >> counts.failed >> counts.links >> counts.bytes);
  for (std::string reason; is_whole && words >> reason;) is_whole = static_cast<bool>(words >> counts.skipped[reason]);
  if (!is_whole) throw error(fmt::format("the frontier is broken: '{}' is no state of it", text));
  return state;
}

}  // namespace

/// A link that may be new.
struct rocksdb_frontier::candidate {
  url found;
  unsigned depth;
  std::uint64_t first_half;
  bool is_asked_for = false;  // of the database
  bool is_seen = false;       // as that says
};

/// A page that has ended and waits for its batch.
struct rocksdb_frontier::ended {
  const finished_page* done;
  std::vector<candidate> candidates{};
  std::vector<std::pair<std::string, std::string_view>> passed_over{};  // with the reason
  std::optional<std::string> position{};  // of the output behind this page: its batch ends here
  std::vector<target> fresh{};
  bool is_written = false;
  event due{};  // it is written, or the first of the next batch; or no batch is written any more
};

/// What is written at once. Borrows from pages, which wait for that.
struct rocksdb_frontier::batch {
  std::vector<ended*> pages{};
  std::vector<std::pair<std::string, std::string_view>> passed_over{};
  std::vector<url_digest> seen{};                    // for the first time, wanted or not
  std::unordered_set<std::uint64_t> first_halves{};  // of these
  std::string undone{};                              // the pages, should they not outlast the machine
  rocksdb::WriteBatch changes{};
};

struct rocksdb_frontier::parts {
  explicit parts(const rocksdb_frontier_options& options)
      : order{.by_level = options.by_level, .at_host = options.order},
        given(order, {.of_host = options.of_host, .in_all = options.in_all}),
        seed(loop::running().random()()),
        seen(options.digest_bytes) {}

  detail::waiting_order order;
  detail::workbench given;
  std::uint64_t seed;  // of digests
  std::optional<detail::frontier_store> store{};
  recent_digests seen;
  recent_digests passed_over{bytes_of_passed_over_digests};
  std::vector<std::uint64_t> halves{};  // of digests of the links of the page at hand
  lock one_at_a_time{};
  std::deque<ended*> waiting{};   // for a batch
  bool has_writer = false;        // one of them writes, or waits for others that it may take along
  std::size_t bytes_of_last = 0;  // found by those that wait for the last one
  std::vector<std::pair<std::string, std::string_view>>
      left_by_pages{};                                               // what was passed over besides, for the next one
  rocksdb::WriteBatch next{};                                        // what else there is for it
  std::vector<std::pair<std::string, std::string>> by_themselves{};  // for it or, if that comes before, for `sync`
  std::vector<std::pair<std::string, time_point>> set_aside{};       // hosts: for the workbench, when no thread has it
  std::vector<target> taken_back{};                                  // the same
  std::string key{};  // of the URL at hand, with its value: here to be made in the same memory again and again
  std::string value{};
  batch* judging = nullptr;  // the batch whose links are judged now
  // By pages under way; with the depth of the least deep page that has led there meanwhile.
  std::unordered_map<std::string, std::optional<unsigned>> claimed{};
  std::uint64_t batches = 0;         // written
  std::uint64_t synced_batches = 0;  // of these
  std::string synced_position{};     // of the output, behind these
  std::exception_ptr broken{};       // a batch was not written: none is from then on
};

rocksdb_frontier::rocksdb_frontier(rocksdb_frontier_options options) : parts_(std::make_unique<parts>(options)) {}

rocksdb_frontier::~rocksdb_frontier() = default;

coro<std::shared_ptr<rocksdb_frontier>> rocksdb_frontier::open(std::string folder, mode how, std::string settings,
                                                               rocksdb_frontier_options options) {
  std::shared_ptr<rocksdb_frontier> made(new rocksdb_frontier(options));
  co_await to_thread([&] { made->load(std::move(folder), how, settings); });
  co_return made;
}

coro<std::string> rocksdb_frontier::settings_of(std::string folder) {
  co_return co_await to_thread(
      [&folder] { return detail::frontier_store::settings_of(std::move(folder)).value_or(""); });
}

// On a thread, before anybody else has it.
void rocksdb_frontier::load(std::string folder, mode how, const std::string& settings) {
  using store_mode = detail::frontier_store::mode;
  const auto& store =
      parts_->store.emplace(std::move(folder), how == mode::begin ? store_mode::begin : store_mode::resume, settings);
  const auto text = store.find("mstate");
  if (!text) return;
  saved_state state = state_of(*text);
  position_ = std::move(state.position);
  counts_ = std::move(state.counts);
  next_number_ = state.next_number;
  seen_ = state.seen;
  parts_->given.begin(state.waiting);
  parts_->batches = state.batches;
  if (const auto synced = store.find("msynced")) {
    parts_->synced_batches = detail::from_big_endian(synced->substr(0, 8));
    parts_->synced_position = synced->substr(std::min(synced->size(), std::size_t{8}));
  }
  parts_->seed = detail::from_big_endian(store.find("mseed").value_or(""));
  std::istringstream seeds(store.find("mseeds").value_or(""));
  for (std::string each; std::getline(seeds, each);) seeds_.push_back(each);
}

// As many as have room: nearly always all.
void rocksdb_frontier::load_seen() {
  if (seen_ > parts_->seen.capacity()) {
    parts_->seen.know_not_all();
    return;
  }
  parts_->store->each(
      "s", [this](std::string_view key, std::string_view) { parts_->seen.insert(detail::first_half_of(key)); });
}

coro<std::vector<target>> rocksdb_frontier::begin(std::span<const url> seeds, const judge& decide) {
  const auto held = co_await parts_->one_at_a_time.scoped_lock();
  batch all;
  std::vector<const url*> fresh;
  std::vector<candidate> claimed;
  co_await to_thread([&] {
    load_seen();
    for (const url& seed : seeds) {
      const std::uint64_t half = detail::first_half(seed.href(), parts_->seed);
      if (!has_seen(seed.href(), half)) fresh.push_back(&seed);
    }
    claimed = claimed_by_nobody();
  });
  take_what_is_aside();
  std::vector<target> given;
  for (candidate& each : claimed) see(all, std::move(each.found), each.first_half, each.depth, decide, given);
  for (const url* seed : fresh) {
    const std::size_t before = all.seen.size();
    see(all, *seed, detail::first_half(seed->href(), parts_->seed), 0, decide, given);
    if (all.seen.size() > before) seeds_.push_back(seed->href());
  }
  co_await note_where_output_begins(all);
  parts_->store->put_heading(all.changes);
  all.changes.Put("mseed", detail::big_endian(parts_->seed));
  all.changes.Put("mseeds", fmt::format("{}", fmt::join(seeds_, "\n")));
  co_await write(all, given);
  co_return given;
}

// On a thread: what was found while pages had claimed it that have not come to their end. These wait again, and claim what they come to.
std::vector<rocksdb_frontier::candidate> rocksdb_frontier::claimed_by_nobody() const {
  std::vector<candidate> found;
  parts_->store->each("c", [&](std::string_view key, std::string_view depth) {
    const std::string_view href = key.substr(1);
    const std::uint64_t half = detail::first_half(href, parts_->seed);
    if (!has_seen(href, half))
      found.push_back({*url::parse(href), static_cast<unsigned>(detail::from_big_endian(depth)), half});
  });
  return found;
}

// So that the crawl knows its output from others, however little it has written.
coro<void> rocksdb_frontier::note_where_output_begins(batch& all) {
  if (out_ == nullptr || !position_.empty()) co_return;
  std::string beginning = out_->position();
  if (beginning.empty()) co_return;
  co_await out_->flush();
  co_await out_->sync();
  all.changes.Put("msynced", detail::big_endian(parts_->synced_batches) + beginning);
  parts_->synced_position = beginning;
  position_ = std::move(beginning);
}

// Not to be cancelled while a batch may be made of it, for that borrows from the page.
coro<std::vector<target>> rocksdb_frontier::finish(const finished_page& done, const judge& decide) {
  ended mine{&done};
  find_candidates(done, mine);
  parts_->waiting.push_back(&mine);
  if (parts_->bytes_of_last >= bytes_of_batch) {
    parts_->bytes_of_last = 0;
    mine.position = out_ != nullptr ? out_->position() : position_;
  }
  cancel_scope shield({.shield = true});
  co_await shield.run(be_written(mine, decide));
  co_return std::move(mine.fresh);
}

// All that is done with the links is done here, while they are in the processor's cache.
void rocksdb_frontier::find_candidates(const finished_page& done, ended& page) {
  std::vector<std::uint64_t>& halves = parts_->halves;
  halves.clear();
  for (const page_link& link : done.links) {
    halves.push_back(detail::first_half(link.url.href(), parts_->seed));
    parts_->seen.prefetch(halves.back());
  }
  for (std::size_t n = 0; n < done.links.size(); ++n) {
    const page_link& link = done.links[n];
    const std::uint64_t half = halves[n];
    const std::string& href = link.url.href();
    const std::string_view reason = !done.not_followed.empty() ? done.not_followed : link.nofollow ? "nofollow" : "";
    const recent_digests& known = reason.empty() ? parts_->seen : parts_->passed_over;
    if (known.look_up(half) == recent_digests::answer::known) continue;
    parts_->bytes_of_last += href.size();
    if (reason.empty())
      page.candidates.push_back({link.url, done.page.depth + 1, half});
    else
      page.passed_over.emplace_back(href, reason);
  }
  for (const url& each : done.besides)
    page.candidates.push_back({each, done.page.depth, detail::first_half(each.href(), parts_->seed)});
}

// Whoever comes first writes for all who have come meanwhile, or for as many as make a batch: itself is the first of them. Then the first of
// those who have come since does.
coro<void> rocksdb_frontier::be_written(ended& mine, const judge& decide) {
  if (parts_->has_writer) co_await mine.due.wait();
  if (!mine.is_written && !parts_->broken) {
    parts_->has_writer = true;
    co_await sleep(gathered_for);
    const auto held = co_await parts_->one_at_a_time.scoped_lock();
    if (!parts_->broken) co_await commit(decide, mine.fresh);
    if (parts_->broken)
      for (ended* const page : std::exchange(parts_->waiting, {})) page->due.set();
    parts_->has_writer = !parts_->waiting.empty();
    if (parts_->has_writer) parts_->waiting.front()->due.set();
  }
  if (parts_->broken) std::rethrow_exception(parts_->broken);
}

// What is read from the disk besides goes to whoever writes.
coro<void> rocksdb_frontier::commit(const judge& decide, std::vector<target>& more) {
  batch all{.passed_over = std::exchange(parts_->left_by_pages, {})};
  const auto let_pages_go = [&all](bool are_written) {
    for (ended* const page : all.pages) {
      page->is_written = are_written;
      page->due.set();
    }
  };
  std::swap(all.changes, parts_->next);
  for (const auto& [key, value] : std::exchange(parts_->by_themselves, {})) all.changes.Put(key, value);
  try {
    position_ = take_pages(all);
    if (out_ != nullptr) co_await out_->flush();
    bool is_certain = true;
    for (ended* const page : all.pages) is_certain &= are_certain(*page);
    if (!is_certain) co_await to_thread([&] { look_up(all); });
    take_what_is_aside();
    for (ended* const page : all.pages) end(all, *page->done);
    parts_->judging = &all;
    for (ended* const page : all.pages) decide_about(all, *page, decide);
    parts_->judging = nullptr;
    co_await write(all, more);
  } catch (const std::exception&) {
    parts_->broken = std::current_exception();
    let_pages_go(false);
    co_return;
  }
  for (const ended* const page : all.pages)
    for (const std::string& href : page->done->claimed) parts_->claimed.erase(href);
  let_pages_go(true);
}

// All that wait, or those that have found enough for a batch; gives the position of the output behind them.
std::string rocksdb_frontier::take_pages(batch& all) {
  while (!parts_->waiting.empty()) {
    ended& page = *parts_->waiting.front();
    parts_->waiting.pop_front();
    std::ranges::move(page.passed_over, std::back_inserter(all.passed_over));
    all.pages.push_back(&page);
    if (page.position) return std::move(*page.position);
  }
  parts_->bytes_of_last = 0;
  return out_ != nullptr ? out_->position() : position_;
}

// Drops those that batches before this one have seen; false if the database is to be asked about some.
bool rocksdb_frontier::are_certain(ended& page) const {
  bool are_all = true;
  std::erase_if(page.candidates, [&](candidate& each) {
    const auto answer = parts_->seen.look_up(each.first_half);
    each.is_asked_for = answer == recent_digests::answer::perhaps;
    are_all &= !each.is_asked_for;
    return answer == recent_digests::answer::known;
  });
  return are_all;
}

// On a thread. In the order of keys: what stands together in the database is read once.
void rocksdb_frontier::look_up(batch& all) {
  std::vector<candidate*> asked_for;
  for (ended* const page : all.pages)
    for (candidate& each : page->candidates)
      if (each.is_asked_for) asked_for.push_back(&each);
  std::ranges::sort(asked_for, {}, [](const candidate* each) { return each->first_half; });
  for (candidate* const each : asked_for) each->is_seen = has_seen(each->found.href(), each->first_half);
  for (ended* const page : all.pages)
    std::erase_if(page->candidates, [](const candidate& each) { return each.is_seen; });
}

bool rocksdb_frontier::has_seen(std::string_view href, std::uint64_t half) const {
  const auto answer = parts_->seen.look_up(half);
  if (answer != recent_digests::answer::perhaps) return answer == recent_digests::answer::known;
  return parts_->store->holds(detail::text_of(detail::seen_key(detail::digest_of(href, half, parts_->seed))));
}

// All pages of a batch, before the links of any are decided about: the database is quicker with changes in the order of their keys.
void rocksdb_frontier::end(batch& all, const finished_page& done) {
  if (done.page.number == 0) return;
  parts_->order.write_key(done.page, parts_->key);
  detail::write_waiting_value(done.page, parts_->value);
  undone_page undone{.key = parts_->key, .value = parts_->value, .skipped = done.skipped};
  all.changes.Delete(parts_->key);  // behind what `keep_attempts` has put there
  parts_->given.finish(done.page);
  for (const std::string& href : done.claimed) {
    mark_as_seen(all, href, detail::first_half(href, parts_->seed));
    undone.claimed.push_back(detail::seen_key(all.seen.back()));
  }
  count(done, undone);
  append(all.undone, undone);
}

void rocksdb_frontier::decide_about(batch& all, ended& page, const judge& decide) {
  for (const std::string& href : page.done->released) release(all, href, decide, page.fresh);
  for (candidate& each : page.candidates) see_candidate(all, std::move(each), decide, page.fresh);
}

// What a page under way has claimed may be released; also if that is not before the crawl is resumed.
void rocksdb_frontier::see_candidate(batch& all, candidate found, const judge& decide, std::vector<target>& fresh) {
  const auto claim = parts_->claimed.find(found.found.href());
  if (claim == parts_->claimed.end())
    return see(all, std::move(found.found), found.first_half, found.depth, decide, fresh);
  claim->second = std::min(found.depth, claim->second.value_or(found.depth));
  all.changes.Put(detail::claimed_key(claim->first), detail::big_endian(*claim->second));
}

void rocksdb_frontier::release(batch& all, const std::string& href, const judge& decide, std::vector<target>& fresh) {
  const auto claim = parts_->claimed.extract(href);
  if (claim && claim.mapped())
    see(all, *url::parse(href), detail::first_half(href, parts_->seed), *claim.mapped(), decide, fresh);
}

void rocksdb_frontier::mark_as_seen(batch& all, std::string_view href, std::uint64_t half) {
  parts_->seen.insert(half);
  all.first_halves.insert(half);
  all.seen.push_back(detail::digest_of(href, half, parts_->seed));
  ++seen_;
}

// Unless an earlier page of the batch has it, too: the table of digests may have lost that already.
void rocksdb_frontier::see(batch& all, url found, std::uint64_t half, unsigned depth, const judge& decide,
                           std::vector<target>& fresh) {
  if (all.first_halves.contains(half)) return;
  mark_as_seen(all, found.href(), half);
  const verdict given = decide(found);
  if (!given.against.empty()) {
    ++counts_.skipped[std::string(given.against)];
    return;
  }
  target wanted{.url = std::move(found), .depth = depth, .priority = given.priority, .number = next_number_++};
  parts_->order.write_key(wanted, parts_->key);
  detail::write_waiting_value(wanted, parts_->value);
  all.changes.Put(parts_->key, parts_->value);
  if (parts_->given.give(wanted, parts_->key)) fresh.push_back(std::move(wanted));
}

void rocksdb_frontier::count(const finished_page& done, undone_page& undone) {
  if (!done.skipped.empty()) ++counts_.skipped[std::string(done.skipped)];
  if (done.record == nullptr) return;
  undone.is_page = true;
  undone.is_ok = done.record->error.empty();
  undone.links = done.record->links;
  undone.bytes = done.record->bytes;
  ++counts_.pages;
  ++(undone.is_ok ? counts_.ok : counts_.failed);
  counts_.links += undone.links;
  counts_.bytes += undone.bytes;
}

// Digests are sorted, for what is put next to what was put before takes less effort to find its place.
coro<void> rocksdb_frontier::write(batch& all, std::vector<target>& more) {
  std::ranges::sort(all.seen);
  for (const url_digest& each : all.seen) all.changes.Put(slice(detail::text_of(detail::seen_key(each))), "");
  for (const auto& [href, reason] : all.passed_over) {
    all.changes.Put("n" + href, slice(reason));
    parts_->passed_over.insert(detail::first_half(href, parts_->seed));
  }
  ++parts_->batches;
  if (!all.undone.empty()) all.changes.Put(detail::undone_key(parts_->batches), all.undone);
  all.changes.Put("mstate", state());
  std::vector<target> found;
  const time_point now = loop::running().time();
  co_await to_thread([&] {
    parts_->store->write(all.changes);
    found = parts_->given.refill(*parts_->store, now);
  });
  kept_ = parts_->given.kept();
  std::ranges::move(found, std::back_inserter(more));
}

std::string rocksdb_frontier::state() const {
  return text_of({.position = position_,
                  .next_number = next_number_,
                  .seen = seen_,
                  .waiting = parts_->given.waiting(),
                  .batches = parts_->batches,
                  .counts = counts_});
}

void rocksdb_frontier::keep_attempts(const target& again) {
  parts_->by_themselves.emplace_back(parts_->order.key_of(again), detail::waiting_value(again));
}

void rocksdb_frontier::keep_rest(const host_rest& asked) {
  parts_->by_themselves.emplace_back(
      detail::rest_key(asked.host.href()),
      detail::big_endian(static_cast<std::uint64_t>(asked.until.time_since_epoch().count())));
}

void rocksdb_frontier::set_aside(const url& host, time_point until) {
  parts_->set_aside.emplace_back(host.host_with_port(), until);
}

void rocksdb_frontier::take_back(const target& waiting) { parts_->taken_back.push_back(waiting); }

void rocksdb_frontier::take_what_is_aside() {
  for (auto& [host, until] : std::exchange(parts_->set_aside, {})) parts_->given.set_aside(std::move(host), until);
  for (const target& each : std::exchange(parts_->taken_back, {})) parts_->given.take_back(each);
}

std::uint64_t rocksdb_frontier::kept() const noexcept {
  const auto new_ones = std::ranges::count_if(parts_->taken_back, [](const target& each) { return each.is_new(); });
  return kept_ + static_cast<std::uint64_t>(new_ones);
}

coro<std::vector<target>> rocksdb_frontier::more() {
  std::vector<target> found;
  cancel_scope shield({.shield = true});
  co_await shield.run(read_more(found));
  co_return found;
}

coro<void> rocksdb_frontier::read_more(std::vector<target>& into) {
  const auto held = co_await parts_->one_at_a_time.scoped_lock();
  if (parts_->broken) std::rethrow_exception(parts_->broken);
  take_what_is_aside();
  const time_point now = loop::running().time();
  co_await to_thread([&] { into = parts_->given.refill(*parts_->store, now); });
  kept_ = parts_->given.kept();
}

coro<std::vector<host_rest>> rocksdb_frontier::rests(std::chrono::sys_seconds now) {
  const auto held = co_await parts_->one_at_a_time.scoped_lock();
  co_return co_await to_thread([&] {
    std::vector<host_rest> found;
    rocksdb::WriteBatch over;
    parts_->store->each("r", [&](std::string_view key, std::string_view value) {
      const std::chrono::sys_seconds until(std::chrono::seconds(detail::from_big_endian(value)));
      auto host = url::parse(key.substr(1));
      if (!host) throw error(fmt::format("the frontier is broken: '{}' is no host in it", key.substr(1)));
      if (until > now)
        found.push_back({std::move(*host), until});
      else
        over.Delete(slice(key));
    });
    if (over.Count() > 0) parts_->store->write(over);
    return found;
  });
}

std::optional<std::uint64_t> rocksdb_frontier::seed_of_counts() const noexcept { return parts_->seed; }

void rocksdb_frontier::keep_count(std::uint64_t name, std::uint64_t count) {
  rocksdb::WriteBatch& changes = parts_->judging != nullptr ? parts_->judging->changes : parts_->next;
  changes.Put(detail::count_key(name), detail::big_endian(count));
}

coro<void> rocksdb_frontier::visit_counts(std::function<void(std::uint64_t name, std::uint64_t count)> visit) {
  const auto held = co_await parts_->one_at_a_time.scoped_lock();
  co_await to_thread([&] {
    parts_->store->each("k", [&visit](std::string_view key, std::string_view value) {
      visit(detail::from_big_endian(key.substr(1)), detail::from_big_endian(value));
    });
  });
}

// First the files, then what says how long they are. Batches may be written meanwhile: they are not part of it.
coro<void> rocksdb_frontier::sync() {
  cancel_scope shield({.shield = true});
  co_await shield.run(sync_shielded());
}

coro<void> rocksdb_frontier::sync_shielded() {
  std::uint64_t batches = 0;
  std::string position;
  {
    const auto held = co_await parts_->one_at_a_time.scoped_lock();
    if (parts_->broken) co_return;
    const bool is_written = co_await write_by_themselves();
    if (!is_written && parts_->synced_batches == parts_->batches) co_return;
    batches = parts_->batches;
    position = position_;
  }
  if (out_ != nullptr) co_await out_->sync();
  {
    const auto held = co_await parts_->one_at_a_time.scoped_lock();
    if (parts_->broken) co_return;
    co_await to_thread([&] { forget_undone(batches, position); });
    parts_->synced_batches = batches;
    parts_->synced_position = std::move(position);
  }
  co_await to_thread([&] { parts_->store->sync(); });
}

// What no page that is finished has taken along; false if there is nothing.
coro<bool> rocksdb_frontier::write_by_themselves() {
  rocksdb::WriteBatch changes;
  for (const auto& [key, value] : std::exchange(parts_->by_themselves, {})) changes.Put(key, value);
  if (changes.Count() == 0) co_return false;
  co_await to_thread([&] { parts_->store->write(changes); });
  co_return true;
}

// On a thread.
void rocksdb_frontier::forget_undone(std::uint64_t batches, const std::string& position) {
  rocksdb::WriteBatch changes;
  for (std::uint64_t n = parts_->synced_batches + 1; n <= batches; ++n) changes.Delete(detail::undone_key(n));
  changes.Put("msynced", detail::big_endian(batches) + position);
  parts_->store->write(changes);
}

coro<std::uint64_t> rocksdb_frontier::go_back() {
  co_return co_await to_thread([this] { return let_wait_again(); });
}

std::uint64_t rocksdb_frontier::let_wait_again() {
  rocksdb::WriteBatch changes;
  std::uint64_t count = 0;
  parts_->store->each("u", [&](std::string_view key, std::string_view value) {
    for (const undone_page& page : detail::undone_pages_of(value)) {
      changes.Put(slice(page.key), slice(page.value));
      for (const detail::seen_key_bytes& claimed : page.claimed) changes.Delete(slice(detail::text_of(claimed)));
      seen_ -= page.claimed.size();
      uncount(page);
      ++count;
    }
    changes.Delete(slice(key));
  });
  parts_->given.begin(parts_->given.waiting() + count);
  position_ = parts_->synced_position;
  changes.Put("mstate", state());
  parts_->store->write(changes);
  parts_->store->sync();
  return count;
}

void rocksdb_frontier::uncount(const undone_page& page) {
  if (const std::string skipped(page.skipped); !skipped.empty() && --counts_.skipped[skipped] == 0)
    counts_.skipped.erase(skipped);
  if (!page.is_page) return;
  --counts_.pages;
  --(page.is_ok ? counts_.ok : counts_.failed);
  counts_.links -= page.links;
  counts_.bytes -= page.bytes;
}

coro<bool> rocksdb_frontier::claim(std::string href) {
  const auto held = co_await parts_->one_at_a_time.scoped_lock();
  if (parts_->claimed.contains(href)) co_return false;
  const std::uint64_t half = detail::first_half(href, parts_->seed);
  const auto answer = parts_->seen.look_up(half);
  bool seen = answer == recent_digests::answer::known;
  if (answer == recent_digests::answer::perhaps) seen = co_await to_thread([&] { return has_seen(href, half); });
  if (!seen) parts_->claimed.try_emplace(std::move(href));
  co_return !seen;
}

void rocksdb_frontier::pass_over(std::string_view href, std::string_view reason) {
  parts_->left_by_pages.emplace_back(href, reason);
}

coro<void> rocksdb_frontier::visit_passed_over(
    std::function<void(std::string_view href, std::string_view reason)> visit) {
  const auto held = co_await parts_->one_at_a_time.scoped_lock();
  std::vector<std::pair<std::string, std::string>> found;
  for (const auto& [href, reason] : std::exchange(parts_->left_by_pages, {})) found.emplace_back(href, reason);
  std::string next = "n";
  do {  // a part at a time
    co_await to_thread([&] { next = read_passed_over(std::move(next), found); });
    for (const auto& [href, reason] : found) visit(href, reason);
    found.clear();
  } while (!next.empty());
}

// On a thread: from a key on, without those that were seen after all; gives the key to go on at, empty at the end.
std::string rocksdb_frontier::read_passed_over(std::string from,
                                               std::vector<std::pair<std::string, std::string>>& into) const {
  std::erase_if(
      into, [this](const auto& each) { return has_seen(each.first, detail::first_half(each.first, parts_->seed)); });
  const auto at = parts_->store->iterate();
  std::size_t read = 0;
  for (at->Seek(from); at->Valid() && at->key().starts_with("n"); at->Next()) {
    if (read++ == visited_at_once) return at->key().ToString();
    const std::string_view href = at->key().ToStringView().substr(1);
    if (!has_seen(href, detail::first_half(href, parts_->seed))) into.emplace_back(href, at->value().ToString());
  }
  parts_->store->require_end(*at);
  return {};
}

}  // namespace hocket::crawl
