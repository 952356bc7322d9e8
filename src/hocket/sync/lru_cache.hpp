#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_set>
#include <utility>
#include <vector>

#include <hocket/base/error.hpp>
#include <hocket/base/function.hpp>
#include <hocket/base/intrusive_list.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/core/task.hpp>
#include <hocket/core/wait.hpp>

namespace hocket {

struct lru_cache_options {
  /// How many keys it holds, those that are being loaded among them; none: any number.
  std::optional<std::size_t> maxsize = 128;
  /// How long a value is good for, from when it was loaded, on the loop's clock.
  std::optional<delay> ttl{};
};

/// Counterpart: the named tuple that cache_info gives.
struct lru_cache_info {
  std::size_t hits;
  std::size_t misses;
  std::optional<std::size_t> maxsize;
  std::size_t currsize;
};

/// Whether `cache_close` lets loads that are under way come to their end.
struct cache_close_options {
  bool wait = false;
};

namespace detail {

/// A load: under way, and then the value. Held by the cache, those who wait for it, and the callback at its end.
template <class Key, class Value>
class cache_entry : public list_link<struct by_use>, public list_link<struct by_age>, public list_link<struct loading> {
 public:
  cache_entry(Key key, std::size_t hash) : key(std::move(key)), hash(hash) {}

  const Key key;
  const std::size_t hash;
  task<Value> load;
  std::size_t waiters = 0;
  std::optional<time_point> expires{};
  bool is_known = false;  // to the cache, which may forget it

  [[nodiscard]] bool is_good() const {
    return load.done() ? !load.was_cancelled() && !load.record()->failed() : load.cancelling() == 0;
  }
};

/// Waits for a load, whose task it always tells of: `awaited_task` does so only if a cancellation is to go on to it.
class any_load_wait : public join_operation {
 public:
  using join_operation::join_operation;
  [[nodiscard]] task_base* load() const noexcept { return target_->as_task(); }
};

/// True if the task that runs is what `load` waits for, itself or by way of others of which each awaits the next.
[[nodiscard]] bool waits_for_current(task_base& load) noexcept;
/// Throws `invalid_state_error` in that case, with the names of those tasks.
void refuse_circle(task_base& load);

/// Waits for a load that others may wait for as well: the last one who is cancelled cancels it, and waits for its end.
template <class Key, class Value>
class load_wait final : public any_load_wait {
 public:
  explicit load_wait(std::shared_ptr<cache_entry<Key, Value>> entry) noexcept
      : any_load_wait(record_ref<future_base>(entry->load.record())), entry_(std::move(entry)) {}

  void await_suspend(std::coroutine_handle<> waiter) {
    ++entry_->waiters;
    join_operation::await_suspend(waiter);
  }
  Value await_resume() {
    joined();
    return entry_->load.result();
  }

  bool stop() noexcept override {
    if (target_->done()) return false;
    --entry_->waiters;
    unlink();
    wake_stopped();
    return true;
  }
  [[nodiscard]] task_base* awaited_task() noexcept override {
    return entry_->waiters > 1 ? nullptr : join_operation::awaited_task();
  }

 private:
  std::shared_ptr<cache_entry<Key, Value>> entry_;
};

/// The entries of a cache by their keys. The user's hash is asked once a question and never to forget: that must not fail.
template <class Key, class Value>
struct entries_by_key {
  using entry = cache_entry<Key, Value>;
  using held = std::shared_ptr<entry>;
  struct question {
    const Key& key;
    std::size_t hash;
  };

  struct hash {
    using is_transparent = void;
    std::size_t operator()(const held& each) const noexcept { return each->hash; }
    std::size_t operator()(const entry* each) const noexcept { return each->hash; }
    std::size_t operator()(const question& asked) const noexcept { return asked.hash; }
  };
  struct equal {
    using is_transparent = void;
    bool operator()(const held& a, const held& b) const { return a->key == b->key; }
    bool operator()(const entry* a, const held& b) const noexcept { return a == b.get(); }
    bool operator()(const held& a, const entry* b) const noexcept { return a.get() == b; }
    bool operator()(const question& a, const held& b) const { return a.key == b->key; }
    bool operator()(const held& a, const question& b) const { return a->key == b.key; }
  };

  using set = std::unordered_set<held, hash, equal>;
};

}  // namespace detail

/// Remembers what an async function gave for its last arguments, and calls it once for all who ask for the same meanwhile.
///
/// ```cpp
/// hocket::lru_cache<std::string, page> pages(fetch, {.maxsize = 1000, .ttl = 5min});
/// page front = co_await pages("https://example.org/");
/// ```
///
/// A value is loaded in a task of its own, which may outlive who asked first: the function and the key, which is passed by value,
/// own what they use. Whoever asks gets a copy: for large values let it be a `std::shared_ptr<const T>`. Errors are not
/// remembered; all who wait for that load get them. Cancelling one who waits leaves the load to the others; the last one cancels
/// it and waits for its end, and who asks from then on begins another. Loads may ask for other keys; those that come to wait for
/// each other in a circle get `invalid_state_error`, if each awaits the next itself, not through `gather` or a group. Beyond `maxsize` the key goes that was not asked for
/// longest.
///
/// Belongs to one loop. May be dropped while loads are under way. Counterpart: async_lru's alru_cache.
template <class Key, class Value, class Hash = std::hash<Key>>
class lru_cache {
 public:
  using load_function = function<coro<Value>(Key)>;

  explicit lru_cache(load_function load, lru_cache_options options = {})
      : core_(std::make_shared<core>(std::move(load), options)) {}
  lru_cache(const lru_cache&) = delete;
  lru_cache& operator=(const lru_cache&) = delete;

  /// The value for `key`; does not wait if it is there. Throws what its load throws, `cancelled` if that was cancelled, and
  /// `invalid_state_error` once the cache is closed.
  coro<Value> get(Key key) {
    const std::shared_ptr<core> mine = core_;
    const std::shared_ptr<entry> found = mine->find_or_load(std::move(key));
    co_return co_await detail::load_wait<Key, Value>(found);
  }
  HOCKET_CORO_WRAPPER coro<Value> operator()(Key key) { return get(std::move(key)); }

  /// Forgets `key`; what is being loaded for it reaches those who wait and is not kept. False if it was not there.
  bool cache_invalidate(const Key& key) {
    core_->forget_expired();
    const std::shared_ptr<entry> known = core_->find(key);
    if (!known) return false;
    core_->forget(*known);
    return true;
  }
  /// Forgets all keys, in the same way, and begins to count anew.
  void cache_clear() {
    while (!core_->by_use.empty()) core_->forget(core_->by_use.front());
    core_->hits = core_->misses = 0;
  }

  /// True if `key` is there or being loaded. Does not count as use.
  [[nodiscard]] bool cache_contains(const Key& key) const {
    core_->forget_expired();
    const std::shared_ptr<entry> known = core_->find(key);
    return known && known->is_good();
  }
  [[nodiscard]] lru_cache_info cache_info() const {
    core_->forget_expired();
    return {.hits = core_->hits,
            .misses = core_->misses,
            .maxsize = core_->options.maxsize,
            .currsize = core_->entries.size()};
  }

  /// Takes no more questions. Cancels the loads that are under way, or with `{.wait = true}` does not, and waits for them. A load
  /// that calls it is not waited for.
  coro<void> cache_close(cache_close_options options = {}) {
    const std::shared_ptr<core> mine = core_;
    mine->closed = true;
    std::vector<any_task> under_way;
    mine->loading.for_each([&](entry& each) {
      if (!detail::waits_for_current(*each.load.record())) under_way.emplace_back(each.load);
      if (!options.wait) each.load.cancel();
    });
    if (!under_way.empty()) co_await wait(std::move(under_way));
  }

 private:
  using entry = detail::cache_entry<Key, Value>;
  using by_key = detail::entries_by_key<Key, Value>;

  struct core : std::enable_shared_from_this<core> {
    core(load_function load, lru_cache_options options) : load(std::move(load)), options(options) {}
    ~core() {
      while (!loading.empty()) loading.pop_front();  // left behind by their loop
      while (!by_use.empty()) forget(by_use.front());
    }

    std::shared_ptr<entry> find_or_load(Key key) {
      if (closed) throw invalid_state_error("a value was asked for after the cache was closed");
      forget_expired();
      const std::size_t hash = Hash{}(key);
      if (std::shared_ptr<entry> known = find(key, hash)) {
        if (known->is_good()) {
          if (!known->load.done()) detail::refuse_circle(*known->load.record());
          ++hits;
          static_cast<list_link<detail::by_use>&>(*known).unlink();
          by_use.push_back(*known);
          return known;
        }
        forget(*known);
      }
      ++misses;
      return begin(std::make_shared<entry>(std::move(key), hash));
    }
    std::shared_ptr<entry> find(const Key& key) const { return find(key, Hash{}(key)); }
    std::shared_ptr<entry> find(const Key& key, std::size_t hash) const {
      const auto place = entries.find(typename by_key::question{key, hash});
      return place == entries.end() ? nullptr : *place;
    }

    std::shared_ptr<entry> begin(std::shared_ptr<entry> made) {
      made->load = create_task(run(this->shared_from_this(), made->key));
      try {
        made->load.add_done_callback([self = this->shared_from_this(), made] { self->ended(*made); });
        entries.insert(made);
      } catch (...) {
        made->load.cancel();
        throw;
      }
      made->is_known = true;
      by_use.push_back(*made);
      loading.push_back(*made);
      if (options.maxsize && entries.size() > *options.maxsize) forget(by_use.front());
      return made;
    }

    static coro<Value> run(std::shared_ptr<core> self, Key key) { co_return co_await self->load(std::move(key)); }

    void ended(entry& which) {
      if (!static_cast<list_link<detail::loading>&>(which).is_linked()) return;  // it was never entered
      static_cast<list_link<detail::loading>&>(which).unlink();
      if (!which.is_known) return;
      if (!which.is_good()) return forget(which);
      if (!options.ttl) return;
      which.expires = loop::running().time_after(*options.ttl);
      by_age.push_back(which);
    }

    void forget_expired() {
      if (by_age.empty()) return;
      const time_point now = loop::running().time();
      while (!by_age.empty() && *by_age.front().expires <= now) forget(by_age.front());
    }

    void forget(entry& which) noexcept {
      static_cast<list_link<detail::by_use>&>(which).unlink();
      if (which.expires) static_cast<list_link<detail::by_age>&>(which).unlink();
      which.is_known = false;
      entries.erase(entries.find(&which));  // it may be gone now
    }

    load_function load;
    const lru_cache_options options;
    typename by_key::set entries;
    intrusive_list<entry, detail::by_use> by_use;  // the one not asked for longest first
    intrusive_list<entry, detail::by_age> by_age;  // loaded, and expires; the oldest first
    intrusive_list<entry, detail::loading> loading;
    std::size_t hits = 0;
    std::size_t misses = 0;
    bool closed = false;
  };

  std::shared_ptr<core> core_;
};

}  // namespace hocket
