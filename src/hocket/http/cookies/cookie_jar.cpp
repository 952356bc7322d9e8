// Cookies stand by their domain; a request asks for that of its host and for each above it, so that its work does not
// grow with the jar. A cookie that would be for a public suffix is refused, unless that is the very host: then it is
// for the host alone.

#include <algorithm>
#include <tuple>
#include <utility>

#include <hocket/http/cookies/cookie_jar.hpp>
#include <hocket/http/detail/syntax.hpp>
#include <hocket/io/socket_address.hpp>

namespace hocket::http {
namespace {

using std::chrono::sys_seconds;

bool is_address(std::string_view host) { return socket_address::parse(host, 0).has_value(); }

bool is_secure(const url& where) noexcept { return where.scheme() == "https" || where.scheme() == "wss"; }

/// RFC 6265bis, 5.1.3.
bool domain_matches(std::string_view host, std::string_view domain) {
  if (host == domain) return true;
  return host.size() > domain.size() && host.ends_with(domain) && host[host.size() - domain.size() - 1] == '.' &&
         !is_address(host);
}

/// RFC 6265bis, 5.1.4.
bool path_matches(std::string_view path, std::string_view of_cookie) noexcept {
  if (!path.starts_with(of_cookie)) return false;
  return path.size() == of_cookie.size() || of_cookie.ends_with('/') || path[of_cookie.size()] == '/';
}

std::string default_path(const url& from) {
  const std::size_t slash = from.path().rfind('/');
  return std::string(slash == 0 ? "/" : from.path().substr(0, slash));
}

bool has_expired(const cookie& it, sys_seconds now) noexcept { return it.expires && *it.expires <= now; }

/// What it says, within what a jar may keep; in the past if it is to be forgotten.
std::optional<sys_seconds> expiry(const set_cookie& given, sys_seconds now, std::chrono::seconds longest) noexcept {
  if (given.max_age) {
    if (given.max_age->count() <= 0) return sys_seconds::min();
    return now + std::min(*given.max_age, longest);
  }
  if (given.expires) return std::min(*given.expires, now + longest);
  return std::nullopt;
}

bool goes_with(const cookie& it, request_site site) noexcept {
  switch (it.same_site) {
    case same_site::none:
      return true;
    case same_site::unspecified:
    case same_site::lax:
      return site != request_site::cross;
    case same_site::strict:
      return site == request_site::same;
  }
  return false;
}

bool is_same(const cookie& a, const cookie& b) noexcept {
  return a.name == b.name && a.path == b.path && a.host_only == b.host_only;
}

bool is_plain(std::string_view text) noexcept {
  return detail::is_field_value(text) && text.find(';') == std::string_view::npos;
}

}  // namespace

bool cookie_jar::take(std::string_view set_cookie_field, const url& from, sys_seconds now, request_site site) {
  const auto parsed = parse_set_cookie(set_cookie_field);
  return parsed && take(*parsed, from, now, site);
}

bool cookie_jar::take(const set_cookie& given, const url& from, sys_seconds now, request_site site) {
  cookie made{given.name, given.value};
  if (!fit_domain(made, given, from.host())) return false;
  if (given.secure && !is_secure(from)) return false;
  if (given.same_site == same_site::none && !given.secure) return false;
  if (!keeps_its_prefix(given)) return false;

  made.path = given.path.empty() ? default_path(from) : given.path;
  made.expires = expiry(given, now, options_.longest_life);
  made.secure = given.secure;
  made.http_only = given.http_only;
  made.same_site = given.same_site;
  made.created = made.last_access = now;
  if (site == request_site::cross && !goes_with(made, site)) return false;
  if (!is_secure(from) && hides_secure_one(made)) return false;

  const std::string domain = made.domain;
  const bool forgets = has_expired(made, now);
  put(std::move(made));
  if (forgets)
    remove_expired(now);
  else
    make_room(domain, now);
  return true;
}

void cookie_jar::take_all(const headers& response, const url& from, sys_seconds now, request_site site) {
  for (const auto [name, value] : response)
    if (detail::equal_ignoring_case(name, "Set-Cookie")) take(value, from, now, site);
}

std::string cookie_jar::header_for(const url& target, sys_seconds now, request_site site) {
  std::vector<kept*> chosen;
  const auto look_at = [&](std::string_view domain, bool is_host) {
    const auto found = domains_.find(domain);
    if (found == domains_.end()) return;
    for (kept& at : found->second) {
      if ((at.it.host_only && !is_host) || (at.it.secure && !is_secure(target)) || has_expired(at.it, now) ||
          !path_matches(target.path(), at.it.path) || !goes_with(at.it, site))
        continue;
      chosen.push_back(&at);
    }
  };
  const std::string_view host = target.host();
  look_at(host, true);
  if (!is_address(host))
    for (std::size_t dot = host.find('.'); dot != std::string_view::npos; dot = host.find('.', dot + 1))
      look_at(host.substr(dot + 1), false);

  std::sort(chosen.begin(), chosen.end(), [](const kept* a, const kept* b) {
    if (a->it.path.size() != b->it.path.size()) return a->it.path.size() > b->it.path.size();
    return std::tie(a->it.created, a->number) < std::tie(b->it.created, b->number);
  });
  std::string field;
  for (kept* at : chosen) {
    at->it.last_access = now;
    at->used = next_number_++;
    if (!field.empty()) field += "; ";
    if (!at->it.name.empty()) field.append(at->it.name).append("=");
    field += at->it.value;
  }
  return field;
}

bool cookie_jar::add(cookie added) {
  // No host begins with these; a line of a file that began with '#' would be a comment.
  const bool has_domain = !added.domain.empty() && !added.domain.starts_with('.') && !added.domain.starts_with('#');
  if (!has_domain || added.name.size() + added.value.size() == 0 || !added.path.starts_with('/')) return false;
  for (const std::string* text : {&added.name, &added.value, &added.domain, &added.path})
    if (!is_plain(*text)) return false;
  if (options_.suffixes->contains(added.domain)) added.host_only = true;
  const std::string domain = added.domain;
  const auto made = added.created;
  put(std::move(added));
  make_room(domain, made);
  return true;
}

std::vector<cookie> cookie_jar::all() const {
  std::vector<const kept*> found;
  for (const auto& [domain, cookies] : domains_)
    for (const kept& at : cookies) found.push_back(&at);
  std::sort(found.begin(), found.end(), [](const kept* a, const kept* b) { return a->number < b->number; });
  std::vector<cookie> result;
  for (const kept* at : found) result.push_back(at->it);
  return result;
}

void cookie_jar::remove_expired(sys_seconds now) {
  remove_if([now](const kept& at) { return has_expired(at.it, now); });
}

void cookie_jar::end_session() {
  remove_if([](const kept& at) { return !at.it.expires; });
}

void cookie_jar::clear() noexcept {
  domains_.clear();
  size_ = 0;
}

/// RFC 6265bis, 5.7, steps 8 to 10.
bool cookie_jar::fit_domain(cookie& made, const set_cookie& given, std::string_view host) const {
  made.domain = host;
  if (given.domain.empty()) return true;
  if (!domain_matches(host, given.domain) || given.domain.ends_with('.')) return false;
  if (is_address(host) || options_.suffixes->contains(given.domain)) return host == given.domain;
  made.domain = given.domain;
  made.host_only = false;
  return true;
}

/// Whoever can change what is sent in the open must not replace a secure cookie by one that looks the same to the server.
bool cookie_jar::hides_secure_one(const cookie& made) const {
  const auto is_hidden = [&](const kept& at) {
    return at.it.secure && at.it.name == made.name && path_matches(made.path, at.it.path) &&
           (domain_matches(at.it.domain, made.domain) || domain_matches(made.domain, at.it.domain));
  };
  return std::any_of(domains_.begin(), domains_.end(), [&](const auto& entry) {
    return std::any_of(entry.second.begin(), entry.second.end(), is_hidden);
  });
}

/// What takes the place of another keeps its creation.
void cookie_jar::put(cookie made) {
  auto& cookies = domains_[made.domain];
  const auto old = std::find_if(cookies.begin(), cookies.end(), [&](const kept& at) { return is_same(at.it, made); });
  const std::uint64_t number = next_number_++;
  if (old != cookies.end()) {
    made.created = old->it.created;
    *old = {std::move(made), old->number, number};
    return;
  }
  cookies.push_back({std::move(made), number, number});
  ++size_;
}

void cookie_jar::make_room(std::string_view domain, sys_seconds now) {
  const auto place = domains_.find(domain);
  if (place->second.size() <= options_.most_per_domain && size_ <= options_.most_in_all) return;
  remove_expired(now);

  const auto again = domains_.find(domain);
  if (again != domains_.end()) {
    auto& cookies = again->second;
    while (cookies.size() > options_.most_per_domain) {
      cookies.erase(std::min_element(cookies.begin(), cookies.end(), [](const kept& a, const kept& b) {
        return std::tie(a.it.secure, a.it.last_access, a.used) < std::tie(b.it.secure, b.it.last_access, b.used);
      }));
      --size_;
    }
  }
  while (size_ > options_.most_in_all) {
    const kept* oldest = nullptr;
    for (const auto& [name, cookies] : domains_)
      for (const kept& at : cookies)
        if (oldest == nullptr || std::tie(at.it.last_access, at.used) < std::tie(oldest->it.last_access, oldest->used))
          oldest = &at;
    const std::uint64_t used = oldest->used;
    remove_if([used](const kept& at) { return at.used == used; });
  }
}

template <class Condition>
void cookie_jar::remove_if(Condition condition) {
  for (auto at = domains_.begin(); at != domains_.end();) {
    size_ -= std::erase_if(at->second, condition);
    at = at->second.empty() ? domains_.erase(at) : std::next(at);
  }
}

}  // namespace hocket::http
