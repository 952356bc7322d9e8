// Of a host that is known here all that is kept has keys from `more_from` on. What is new and comes before that is given while there is
// room; else it becomes the new `more_from`. So a host's URLs are given in the order of their keys, but for what is given already.
//
// A host that was set aside is known only as long as some of it are under way. When it comes back, what it has at levels before the present
// one comes next after that.

#include <algorithm>
#include <utility>

#include <hocket/base/error.hpp>
#include <hocket/crawl_rocksdb/detail/workbench.hpp>

namespace hocket::crawl::detail {

static constexpr std::size_t share_among_many = 32;  // of one host

// Where the keys of the next host begin.
static std::string behind_host(unsigned level, std::string_view name) {
  std::string behind = host_prefix(level, name);
  behind.back() = '\1';
  return behind;
}

// Many hosts with a few URLs each are better than a few with many: more of them may be asked at a time.
std::size_t workbench::room_of_host() const noexcept {
  return given_.size() < limits_.in_all / 2 ? limits_.of_host : std::min(limits_.of_host, share_among_many);
}

bool workbench::give(const target& fresh, const std::string& key) {
  ++kept_;
  if (!has_level_ || order_.level_of(fresh) != level_ || aside_.contains(fresh.url.host_with_port())) return false;
  auto found = hosts_.find(fresh.url.host_with_port());
  if (found == hosts_.end()) {
    if (given_.size() >= limits_.in_all) {
      has_others_ = true;
      return false;
    }
    found = hosts_.emplace(fresh.url.host_with_port(), host()).first;
    if (has_others_) found->second.more_from = host_prefix(level_, found->first);  // older ones, perhaps
  }
  host& where = found->second;
  const bool is_behind = !where.more_from.empty() && key > where.more_from;
  if (is_behind || where.given >= room_of_host() || given_.size() >= limits_.in_all) {
    if (!is_behind) where.more_from = key;
    if (where.given == 0) low_.push_back(found->first);
    return false;
  }
  --kept_;
  ++where.given;
  given_.insert(fresh.number);
  return true;
}

void workbench::finish(const target& done) {
  if (!forget(done)) idle_.erase(done.number);
}

void workbench::take_back(const target& waiting) {
  if (!forget(waiting)) return;
  if (waiting.is_new())
    ++kept_;
  else
    idle_.insert(waiting.number);
}

// False if it is not given.
bool workbench::forget(const target& given) {
  if (given_.erase(given.number) == 0) return false;
  const auto found = hosts_.find(given.url.host_with_port());
  host& where = found->second;
  --where.given;
  if (where.more_from.empty()) {
    if (where.given == 0) hosts_.erase(found);
  } else if (where.given * 2 < room_of_host()) {
    low_.push_back(found->first);
  }
  return true;
}

void workbench::set_aside(std::string host, time_point until) {
  if (const auto known = hosts_.find(host); known != hosts_.end()) known->second.more_from.clear();
  aside_.insert_or_assign(std::move(host), until);
}

void workbench::come_back(time_point now) {
  for (auto each = aside_.begin(); each != aside_.end();) {
    if (each->second > now) {
      ++each;
      continue;
    }
    has_others_ = true;
    if (const auto known = hosts_.find(each->first); known != hosts_.end()) {
      known->second.more_from = host_prefix(level_, each->first);
      low_.push_back(each->first);
    }
    each = aside_.erase(each);
  }
}

std::vector<target> workbench::refill(const frontier_store& from, time_point now) {
  std::vector<target> found;
  come_back(now);
  for (const std::string& name : std::exchange(low_, {})) refill_host(from, name, found);
  while (given_.empty() && kept_ > 0) {
    if (!has_others_ && !begin_level(from)) break;
    read_others(from, found);
  }
  if (has_others_ && given_.size() < limits_.in_all / 2) read_others(from, found);
  return found;
}

void workbench::refill_host(const frontier_store& from, std::string_view name, std::vector<target>& into) {
  const auto found = hosts_.find(name);
  if (found == hosts_.end()) return;
  const std::size_t most =
      std::min(room_of_host(), found->second.given + limits_.in_all - std::min(given_.size(), limits_.in_all));
  if (found->second.given < most) read(from, *found, most, into);
  if (found->second.given > 0) return;
  if (!found->second.more_from.empty()) has_others_ = true;  // there is no room now: it becomes one of these
  hosts_.erase(found);
}

// Until `most` of the host are given.
void workbench::read(const frontier_store& from, host_map::value_type& where, std::size_t most,
                     std::vector<target>& into) {
  if (where.second.more_from.empty()) return;
  const std::string prefix = host_prefix(level_, where.first);
  const auto at = from.iterate();
  for (at->Seek(where.second.more_from); at->Valid() && at->key().starts_with(prefix); at->Next()) {
    if (where.second.given >= most) {
      where.second.more_from = at->key().ToString();
      return;
    }
    const std::string_view key = at->key().ToStringView();
    const std::uint64_t number = order_.number_of(key);
    if (idle_.contains(number) || !given_.insert(number).second) continue;
    ++where.second.given;
    --kept_;
    into.push_back(order_.target_of(key, at->value().ToStringView()));
  }
  from.require_end(*at);
  where.second.more_from.clear();
}

// Hosts in turn, until there are enough or all were met.
void workbench::read_others(const frontier_store& from, std::vector<target>& into) {
  const std::size_t enough = limits_.in_all - limits_.in_all / 4;
  const std::string level = level_prefix(level_);
  const std::string first = std::exchange(last_other_, {});
  bool is_second_half = first.empty();  // from the beginning on to where it ended the last time
  const auto at = from.iterate();
  at->Seek(first.empty() ? level : host_prefix(level_, first));
  for (;;) {
    if (!at->Valid() || !at->key().starts_with(level)) {
      from.require_end(*at);
      if (std::exchange(is_second_half, true)) break;
      at->Seek(level);
      continue;
    }
    const std::string name(host_of(at->key().ToStringView()));
    if (is_second_half && !first.empty() && name > first) break;
    if (given_.size() >= enough) {
      last_other_ = name;
      return;
    }
    if (!aside_.contains(name) && !hosts_.contains(name)) {
      const auto where = hosts_.try_emplace(name).first;
      where->second.more_from = at->key().ToString();
      read(from, *where, std::min(room_of_host(), limits_.in_all - given_.size()), into);
      if (where->second.given == 0) hosts_.erase(where);
    }
    at->Seek(behind_host(level_, name));
  }
  has_others_ = false;
}

// The least that has any to give; false if there is none. Nothing is given, so no host is known.
bool workbench::begin_level(const frontier_store& from) {
  const auto at = from.iterate();
  at->Seek("q");
  if (!at->Valid() || !at->key().starts_with("q")) {
    from.require_end(*at);
    throw error("the frontier is broken: URLs that wait are missing");
  }
  while (at->Valid() && at->key().starts_with("q")) {
    const std::string_view key = at->key().ToStringView();
    if (aside_.contains(host_of(key))) {
      at->Seek(behind_host(level_of(key), host_of(key)));
    } else if (idle_.contains(order_.number_of(key))) {
      at->Next();
    } else {
      level_ = level_of(key);
      has_level_ = true;
      has_others_ = true;
      last_other_.clear();
      return true;
    }
  }
  from.require_end(*at);
  return false;
}

}  // namespace hocket::crawl::detail
