// An answer and what the server says unasked come by one connection, in order; but whoever has asked sees the answer in a later turn, when a change that came right behind it has been told. So a
// question is known while it is under way, and a change makes it stale.

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <utility>

#include <hocket/loop/loop.hpp>
#include <hocket/redis/cached_client.hpp>
#include <hocket/redis/detail/command_keys.hpp>
#include <hocket/redis/detail/reply_cache.hpp>

namespace hocket::redis {

namespace detail {

class cached_core {
 public:
  cached_core(client_options options, cache_options how)
      : how_(std::move(how)),
        cache_(how_.max_entries, how_.max_bytes, loop::running().random()()),
        client_(tracking(std::move(options), how_)) {
    client_.on_push([this](const reply& said) { take(said); });
    client_.on_lost([this] { cache_.clear(); });
  }
  cached_core(const cached_core&) = delete;

  coro<reply> ask(request what) {
    const command_rule* const rule = rule_of(name_of(what));
    if (rule == nullptr || !is_cacheable(*rule)) {
      const own_write done(*this, what, rule);
      co_return co_await client_.execute(std::move(what));
    }
    std::string question;
    what.append_to(question);
    if (const reply* known = cache_.find(question)) {
      ++hits_;
      co_return *known;
    }
    ++misses_;
    const auto named = keys_of(what, *rule);
    if (named.empty() || !std::ranges::all_of(named, [this](std::string_view key) { return is_told_of(key); }))
      co_return co_await client_.execute(std::move(what));
    reply_cache::fetch under_way(cache_, {named.begin(), named.end()});
    reply answer = co_await client_.execute(std::move(what));
    cache_.keep(std::move(question), answer, under_way);
    co_return answer;
  }

  coro<void> close() {
    co_await client_.close();
    cache_.clear();
  }

  [[nodiscard]] redis::client& client() noexcept { return client_; }
  void clear() noexcept { cache_.clear(); }
  [[nodiscard]] cache_info info() const noexcept {
    return {.hits = hits_,
            .misses = misses_,
            .invalidations = invalidations_,
            .entries = cache_.entries(),
            .bytes = cache_.bytes()};
  }

 private:
  /// However the command ends, what it may have written is forgotten: of that nobody else tells.
  class own_write {
   public:
    own_write(cached_core& by, const request& what, const command_rule* rule) : core_(by) {
      if (!by.how_.noloop || (rule != nullptr && (rule->goes == spread::any || rule->reads))) return;
      writes_ = true;
      if (rule == nullptr || rule->goes != spread::keys) return;
      for (const std::string_view each : keys_of(what, *rule)) keys_.emplace_back(each);
    }
    own_write(const own_write&) = delete;
    ~own_write() {
      if (writes_ && keys_.empty()) core_.cache_.clear();
      for (const std::string& each : keys_) core_.cache_.invalidate(each);
    }

   private:
    cached_core& core_;
    std::vector<std::string> keys_;  // none: nobody knows which
    bool writes_ = false;
  };

  static client_options tracking(client_options options, const cache_options& how) {
    if (options.protocol != protocol_version::resp3)
      throw std::invalid_argument("a cache of Redis is told of changes by RESP3 only");
    request wanted("CLIENT", "TRACKING", "ON");
    if (!how.prefixes.empty()) wanted.add("BCAST");
    for (const std::string& each : how.prefixes) wanted.add("PREFIX", each);
    if (how.noloop) wanted.add("NOLOOP");
    options.on_connect.push_back(std::move(wanted));
    return options;
  }

  [[nodiscard]] bool is_told_of(std::string_view key) const noexcept {
    return how_.prefixes.empty() ||
           std::ranges::any_of(how_.prefixes, [key](const std::string& each) { return key.starts_with(each); });
  }

  // ["invalidate", keys]; nil for them: all, the database was emptied.
  void take(const reply& said) {
    const auto& items = said.items();
    if (items.size() != 2 || !items[0].has_text() || items[0].text() != "invalidate") return;
    if (!items[1].has_items()) return cache_.clear();
    for (const reply& each : items[1].items()) {
      if (!each.has_text()) continue;
      ++invalidations_;
      cache_.invalidate(each.text());
    }
  }

  const cache_options how_;
  reply_cache cache_;
  std::uint64_t hits_ = 0;
  std::uint64_t misses_ = 0;
  std::uint64_t invalidations_ = 0;
  redis::client client_;
};

}  // namespace detail

using core_pointer = std::shared_ptr<detail::cached_core>;

static coro<void> close_core(core_pointer core) { co_await core->close(); }

cached_client::cached_client(client_options options, cache_options how)
    : core_(std::make_shared<detail::cached_core>(std::move(options), std::move(how))) {}

cached_client::cached_client(std::string_view url, cache_options how)
    : cached_client(options_from_url(url), std::move(how)) {}

cached_client::~cached_client() {
  if (core_ != nullptr) core_->client().abort();
}

client& cached_client::uncached() noexcept { return core_->client(); }

cache_info cached_client::info() const noexcept { return core_->info(); }

void cached_client::clear() noexcept { core_->clear(); }

coro<void> cached_client::close() { return close_core(core_); }

coro<reply> cached_client::ask(core_pointer core, request what) { co_return co_await core->ask(std::move(what)); }

}  // namespace hocket::redis
