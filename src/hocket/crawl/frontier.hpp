#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hocket/base/attributes.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/crawl/page_links.hpp>
#include <hocket/crawl/pipeline.hpp>
#include <hocket/crawl/tally.hpp>
#include <hocket/crawl/target.hpp>
#include <hocket/loop/clock.hpp>

namespace hocket::crawl {

/// What one page leaves behind.
struct finished_page {
  const target& page;
  /// Where it was redirected to, as far as `claim` gave that to it.
  std::span<const std::string> claimed{};
  /// Where it or earlier attempts were redirected to: `claim` gave that to the page, which has not fetched it in the end. Counts as released
  /// before the page leads anywhere: `besides` may have it.
  std::span<const std::string> released{};
  /// What it has led to at its own depth: where it was redirected to and ended, for `claim` did not give that to it, or it was released.
  std::span<const url> besides{};
  std::span<const page_link> links{};
  /// Why none of its links is followed ("depth", "nofollow"); empty: they are.
  std::string_view not_followed{};
  /// As it was handed to the pipeline; null: it was no page in the end.
  const page_record* record = nullptr;
  /// Why it, or where it was redirected to, was not fetched ("robots"); empty: it was.
  std::string_view skipped{};
};

/// What is said of a URL that is new.
struct verdict {
  std::string_view against{};  // why it is not fetched ("scope"); empty: it is
  int priority = 0;            // see `target`
};

/// A host wants to be left alone until a time of day.
struct host_rest {
  url host;  // the root of a site there
  std::chrono::sys_seconds until{};
};

/// By which a frontier that others add to reaches the crawl, besides what it gives when it is asked. Nothing of it suspends.
struct crawl_intake {
  /// URLs that are to be fetched, as `finish` would give them.
  std::function<void(std::vector<target>)> give;
  /// Forgets the URLs that wait and for which that is true: as if they had never been given.
  std::function<void(const std::function<bool(const target&)>&)> drop;
  /// As it is handed to `finish`: for a frontier that judges later than it sees.
  std::function<verdict(const url&)> decide;
  /// That of `decide` alone, which counts nothing.
  std::function<int(const url&)> priority;
  /// Leaves that host alone for so long at least, before it is asked for anything.
  std::function<void(const url& host, duration how_long)> rest;
  /// What `keep_count` was told, here or elsewhere, for a frontier that hears of it later than `visit_counts`.
  std::function<void(std::uint64_t name, std::uint64_t count)> restore;
  /// Something that the user should know: see `crawl_hooks::on_note`.
  std::function<void(const std::string&)> note;
  /// Whether the crawl has URLs that wait: then `more` may give nothing without its end.
  std::function<bool()> has_work;
};

/// The memory of a crawl: which URLs were seen, and which are still to be fetched. Who may be asked when is the scheduler's.
///
/// All that one page changes comes by one call of `finish`, so that a frontier on disk or on another machine can make it one
/// atomic batch. One crawler uses it at a time, from one loop; calls for different pages overlap.
class frontier {
 public:
  /// Called on the loop, once for each URL that is new.
  using judge = std::function<verdict(const url&)>;

  virtual ~frontier() = default;

  /// Before all else, for a frontier that gives unasked, too. It may do so from `begin` on, as long as the crawler exists.
  virtual void supply(crawl_intake /*to*/) {}

  /// Sees these seeds; gives those that are to be fetched, after what an earlier run has left. A frontier may keep some of what
  /// waits, here as in `finish`, and give it when others are finished: at least one, as long as it keeps any but
  /// those of hosts that were set aside.
  [[nodiscard]] virtual coro<std::vector<target>> begin(std::span<const url> seeds, const judge& decide) = 0;

  /// Sees the links of a page and forgets the page itself, all at once; gives those of them that are to be fetched, and of what was
  /// kept. What it has released is as if never seen: to be fetched if a page has led there meanwhile. Is called as soon as the page was added to the pipeline, and runs at once. Borrows what it refers to until it returns, but
  /// the links only until it first suspends: others take their place.
  [[nodiscard]] virtual coro<std::vector<target>> finish(const finished_page& done, const judge& decide) = 0;

  /// Sees where a page under way is redirected to. False if that was seen before: then it is somebody else's. What leads there until the page
  /// is finished is not given, but not to be forgotten either.
  [[nodiscard]] virtual coro<bool> claim(std::string href) = 0;
  /// The same, for a frontier that must know which page it is.
  [[nodiscard]] HOCKET_CORO_WRAPPER virtual coro<bool> claim_for(const target& /*page*/, std::string href) {
    return claim(std::move(href));
  }

  /// A URL that is not followed from here; another page may still lead to it.
  virtual void pass_over(std::string_view href, std::string_view reason) = 0;

  /// Is asked before anything is fetched for a URL that was given, at each attempt. False: it is not this crawler's any more, or not now, and is as if never given; the frontier
  /// gives it again when it may be.
  [[nodiscard]] virtual bool may_begin(const target& /*next*/) { return true; }
  /// Under which right that URL is fetched, so that of two records of it the one with the greater counts; 0: nobody else can have it.
  [[nodiscard]] virtual std::uint64_t lease_of(const target& /*given*/) const { return 0; }

  /// Whether somebody else asks that host, and nobody here: a page that is redirected there is handed over.
  [[nodiscard]] virtual bool is_elsewhere(const url& /*place*/) const noexcept { return false; }
  /// That page has come as far as it says, and is another's from now on.
  virtual void hand_over(target /*begun*/) {}

  /// At the end: visits what was passed over and never seen.
  [[nodiscard]] virtual coro<void> visit_passed_over(
      std::function<void(std::string_view href, std::string_view reason)> visit) = 0;

  /// That page is to be tried again, so many attempts were made. A frontier that keeps it does so with the next page that is finished, or by `sync`.
  virtual void keep_attempts(const target& /*again*/) {}

  /// The same for the rest of a host, all that is left of it: it takes the place of an earlier one.
  virtual void keep_rest(const host_rest& /*asked*/) {}
  /// Before `begin`: what earlier runs have kept, but what is over by `now`.
  [[nodiscard]] virtual coro<std::vector<host_rest>> rests(std::chrono::sys_seconds /*now*/) {
    co_return std::vector<host_rest>();
  }

  /// Between two requests to that host, as far as it is known: that of its robots.txt, too. Is told again whenever that is looked up. For a frontier whose hosts change hands.
  virtual void keep_delay(const url& /*host*/, duration /*delay*/) {}

  /// Whether it takes back what waits for hosts that rest; else it hears nothing of them.
  [[nodiscard]] virtual bool takes_back() const noexcept { return false; }
  /// Nothing of that host is wanted before then: it rests for longer than is waited for. The last one counts; before `begin`, too.
  virtual void set_aside(const url& /*host*/, time_point /*until*/) {}
  /// That URL, which was given, waits for a host that was set aside, its own or, if it has begun, one that it was redirected to. A new one is
  /// as if not given; what others may have does not wait for one that has begun.
  virtual void take_back(const target& /*waiting*/) {}
  /// A host that was set aside has its turn again, perhaps while `more` is waited for.
  virtual void host_came_back() {}
  /// Whether `more` is worth asking.
  [[nodiscard]] virtual bool may_have_more() const noexcept { return kept() > 0; }
  /// What it gives besides, for there is nothing that the crawl does: something, unless all that it keeps is of hosts that were set aside.
  [[nodiscard]] virtual coro<std::vector<target>> more() { co_return std::vector<target>(); }
  /// The time of a host that was set aside has come, whatever the crawl does: what may be given now. Nothing, if it gives that unasked.
  [[nodiscard]] virtual coro<std::vector<target>> more_of_rested() { co_return std::vector<target>(); }

  /// If it keeps counts: the seed that `counters` are to have, the same when the crawl is resumed. Nothing: it keeps none.
  [[nodiscard]] virtual std::optional<std::uint64_t> seed_of_counts() const noexcept { return std::nullopt; }
  /// What is told while it judges goes with the page whose link that is, else with the next that is finished.
  virtual void keep_count(std::uint64_t /*name*/, std::uint64_t /*count*/) {}
  /// After `begin`: what earlier runs have kept. Visits on a thread, perhaps, while the caller waits.
  [[nodiscard]] virtual coro<void> visit_counts(
      std::function<void(std::uint64_t name, std::uint64_t count)> /*visit*/) {
    co_return;
  }

  /// What was finished before the call outlasts the death of the machine, too, when it returns; for a frontier that keeps anything.
  /// Is called every second, and at the end. Throws `hocket::error`.
  [[nodiscard]] virtual coro<void> sync() { co_return; }

  [[nodiscard]] virtual std::size_t seen() const noexcept = 0;

  /// How many wait that it has not given.
  [[nodiscard]] virtual std::uint64_t kept() const noexcept { return 0; }

  /// What earlier runs of this crawl have come to; after `begin`.
  [[nodiscard]] virtual tally resumed() const { return {}; }
};

}  // namespace hocket::crawl
