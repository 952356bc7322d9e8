// Patterns are a tree of segments. A search may have to come back from a segment as it is written to one in braces, but visits no
// node twice, for each is reached in one way only: it takes no longer than there are patterns.

#include <algorithm>
#include <map>
#include <optional>
#include <span>

#include <fmt/format.h>

#include <hocket/base/error.hpp>
#include <hocket/http/detail/syntax.hpp>
#include <hocket/http/server/detail/request_access.hpp>
#include <hocket/http/server/router.hpp>
#include <hocket/url/percent_encoding.hpp>

namespace hocket::http {

using detail::request_access;

namespace {

/// The segments of a path that begins with a slash: none is "/", which has one that is empty.
std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> segments;
  do {
    path.remove_prefix(1);
    segments.push_back(path.substr(0, path.find('/')));
    path.remove_prefix(segments.back().size());
  } while (!path.empty());
  return segments;
}

bool has(const std::vector<std::string>& all, std::string_view one) { return std::ranges::find(all, one) != all.end(); }

bool is_number(std::string_view text) noexcept {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::string joined(std::span<const std::string> segments) {
  std::string all;
  for (const std::string& each : segments) all.append(&each == segments.data() ? "" : "/").append(each);
  return all;
}

bool has_broken_escape(std::string_view path) noexcept {
  for (std::size_t at = path.find('%'); at != std::string_view::npos; at = path.find('%', at + 1)) {
    const auto is_hex = [&](std::size_t place) {
      return place < path.size() && std::string_view("0123456789abcdefABCDEF").contains(path[place]);
    };
    if (!is_hex(at + 1) || !is_hex(at + 2)) return true;
  }
  return false;
}

enum class part_kind { literal, number, name, rest };

struct pattern_part {
  part_kind kind;
  std::string text;  // or its name
};

pattern_part read_part(std::string_view segment, std::string_view pattern) {
  if (!segment.starts_with('{') && !segment.ends_with('}')) return {part_kind::literal, std::string(segment)};
  const auto malformed = [pattern] { return error(fmt::format("the pattern '{}' is malformed", pattern)); };
  if (segment.size() < 3 || !segment.starts_with('{') || !segment.ends_with('}')) throw malformed();
  const std::string_view inner = segment.substr(1, segment.size() - 2);
  const std::size_t colon = inner.find(':');
  const std::string_view name = inner.substr(0, colon);
  const std::string_view kind = colon == std::string_view::npos ? "" : inner.substr(colon + 1);
  if (!detail::is_token(name)) throw malformed();
  if (kind == "int") return {part_kind::number, std::string(name)};
  if (kind == "path") return {part_kind::rest, std::string(name)};
  if (!kind.empty() || colon != std::string_view::npos) throw malformed();
  return {part_kind::name, std::string(name)};
}

}  // namespace

class router::tree {
 public:
  void add(std::string_view method, std::string_view pattern, handler answer) {
    auto [at, names] = reach(pattern);
    if (find_method(at->routes, method) != nullptr)
      throw error(fmt::format("{} {} has a handler already", method, pattern));
    at->routes.push_back({std::string(method), std::move(names), std::move(answer)});
  }

  void mount(std::string_view prefix, router below) {
    while (prefix.ends_with('/')) prefix.remove_suffix(1);
    auto [at, names] = prefix.empty() ? place{&root_, {}} : reach(prefix);
    if (at->below != nullptr) throw error(fmt::format("'{}' has a router already", prefix));
    at->below = std::make_unique<router>(std::move(below));
    at->names_below = std::move(names);
  }

  struct found {
    handler* answer = nullptr;
    router* below = nullptr;
    std::size_t taken = 0;  // segments, by the prefix of `below`
    std::vector<std::string> allowed;
  };

  /// Also notes the parts that have names.
  found find(request& asked) {
    search look{asked, {}, {}};
    const auto& all = request_access::segments(asked);
    const std::span<const std::string> left = std::span(all).subspan(request_access::routed(asked));
    static const std::string nothing;
    look.visit(root_, left.empty() ? std::span(&nothing, 1) : left, 0);
    return std::move(look.result);
  }

 private:
  struct route {
    std::string method;
    std::vector<std::string> names;
    handler answer;
  };
  struct node {
    std::map<std::string, node, std::less<>> literals;
    std::unique_ptr<node> number;
    std::unique_ptr<node> name;
    std::unique_ptr<node> rest;
    std::vector<route> routes;
    std::unique_ptr<router> below;
    std::vector<std::string> names_below;
  };
  struct place {
    node* at;
    std::vector<std::string> names;
  };

  place reach(std::string_view pattern) {
    if (!pattern.starts_with('/')) throw error(fmt::format("the pattern '{}' does not begin with a slash", pattern));
    place here{&root_, {}};
    const auto into = [&here](std::unique_ptr<node>& child) {
      if (child == nullptr) child = std::make_unique<node>();
      here.at = child.get();
    };
    const auto segments = split(pattern);
    for (const std::string_view& segment : segments) {
      pattern_part part = read_part(segment, pattern);
      if (part.kind == part_kind::literal) {
        here.at = &here.at->literals[std::move(part.text)];
        continue;
      }
      if (part.kind == part_kind::rest && &segment != &segments.back())
        throw error(fmt::format("'{}' of the pattern '{}' must be its end", segment, pattern));
      if (has(here.names, part.text)) throw error(fmt::format("the pattern '{}' has '{}' twice", pattern, part.text));
      here.names.push_back(std::move(part.text));
      into(part.kind == part_kind::number ? here.at->number
           : part.kind == part_kind::name ? here.at->name
                                          : here.at->rest);
    }
    return here;
  }

  static route* find_method(std::vector<route>& routes, std::string_view method) noexcept {
    const auto found = std::ranges::find(routes, method, &route::method);
    return found != routes.end() ? &*found : nullptr;
  }

  struct search {
    request& asked;
    std::vector<std::string> values;  // of the parts in braces
    found result;

    /// True when the search is over.
    bool visit(node& at, std::span<const std::string> left, std::size_t taken) {
      if (left.empty()) return ends_at(at);
      const std::string& segment = left.front();
      if (const auto literal = at.literals.find(segment);
          literal != at.literals.end() && visit(literal->second, left.subspan(1), taken + 1))
        return true;
      if (at.number != nullptr && is_number(segment) && visit_as(segment, *at.number, left.subspan(1), taken + 1))
        return true;
      if (at.name != nullptr && !segment.empty() && visit_as(segment, *at.name, left.subspan(1), taken + 1))
        return true;
      if (at.rest != nullptr && visit_as(joined(left), *at.rest, {}, taken + left.size())) return true;
      note_router(at, taken);
      return false;
    }

    bool visit_as(std::string value, node& at, std::span<const std::string> left, std::size_t taken) {
      values.push_back(std::move(value));
      const bool is_over = visit(at, left, taken);
      values.pop_back();
      return is_over;
    }

    bool ends_at(node& at) {
      route* chosen = find_method(at.routes, asked.method());
      if (chosen == nullptr && asked.method() == "HEAD") chosen = find_method(at.routes, "GET");
      if (chosen == nullptr) chosen = find_method(at.routes, "*");
      if (chosen != nullptr) {
        result.answer = &chosen->answer;
        note(chosen->names);
        return true;
      }
      for (const route& each : at.routes)
        if (!has(result.allowed, each.method)) result.allowed.push_back(each.method);
      note_router(at, request_access::segments(asked).size() - request_access::routed(asked));
      return false;
    }

    void note_router(node& at, std::size_t taken) {
      if (at.below == nullptr || result.below != nullptr) return;
      result.below = at.below.get();
      result.taken = taken;
      note(at.names_below);
    }

    void note(const std::vector<std::string>& names) {
      auto& parameters = request_access::parameters(asked);
      parameters.resize(noted_before);
      for (std::size_t n = 0; n < names.size(); ++n) parameters.push_back({names[n], values[n]});
    }
    std::size_t noted_before = request_access::parameters(asked).size();  // by routers above
  };

  node root_;
};

router::router() : tree_(std::make_unique<tree>()) {}
router::router(router&&) noexcept = default;
router& router::operator=(router&&) noexcept = default;
router::~router() = default;

void router::add(std::string_view method, std::string_view pattern, handler answer) {
  tree_->add(method, pattern, std::move(answer));
}
void router::mount(std::string_view prefix, router below) { tree_->mount(prefix, std::move(below)); }
void router::use(middleware around) { middlewares_.push_back(std::move(around)); }

coro<reply> next_handler::operator()(request& asked) const { return owner_->go_on(asked, done_); }

coro<reply> router::operator()(request& asked) {
  const std::string_view path = asked.path();
  auto& segments = request_access::segments(asked);
  segments.clear();
  request_access::routed(asked) = 0;
  if (path.starts_with('/'))
    for (const std::string_view each : split(path)) segments.push_back(percent_decode(each));
  return go_on(asked, 0);
}

coro<reply> router::go_on(request& asked, std::size_t done) {
  if (done < middlewares_.size()) return middlewares_[done](asked, next_handler(*this, done + 1));
  return dispatch(asked);
}

static coro<reply> give(reply made) { co_return made; }

static std::string in_a_list(std::vector<std::string> methods) {
  if (has(methods, "GET") && !has(methods, "HEAD")) methods.emplace_back("HEAD");
  if (!has(methods, "OPTIONS")) methods.emplace_back("OPTIONS");
  return fmt::format("{}", fmt::join(methods, ", "));
}

coro<reply> router::dispatch(request& asked) {
  if (asked.target() == "*" && asked.method() == "OPTIONS") return give({.status = 204});
  if (!asked.path().starts_with('/')) throw http_error(404);
  if (has_broken_escape(asked.path())) throw http_error(400, "the path has a percent sign that encodes nothing");
  const tree::found chosen = tree_->find(asked);
  if (chosen.answer != nullptr) return (*chosen.answer)(asked);
  if (chosen.below != nullptr) {
    request_access::routed(asked) += chosen.taken;
    return chosen.below->go_on(asked, 0);
  }
  if (chosen.allowed.empty()) throw http_error(404);
  headers allow;
  allow.add("Allow", in_a_list(chosen.allowed));
  if (asked.method() == "OPTIONS") return give({.status = 204, .headers = std::move(allow)});
  throw http_error(405, {}, std::move(allow));
}

}  // namespace hocket::http
