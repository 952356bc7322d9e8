// Names of classes, read from what compilers make of them ("N6hocket11basic_queueIiNS_5queueEE6getterE").
//
// A demangler is asked too much here: a short name can stand for one of any length. Only the names themselves are taken;
// what stands between them is passed over.

#include <algorithm>
#include <charconv>
#include <iterator>
#include <span>
#include <vector>

#include <hocket/base/wait_kind.hpp>

namespace hocket::detail {
namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

class name_reader {
 public:
  explicit name_reader(std::string_view mangled) noexcept : rest_(mangled) {}

  // The parts of the qualified name; none if it is not understood.
  std::vector<std::string_view> parts() {
    std::vector<std::string_view> found;
    take('*');                        // of a class without linkage
    const bool is_local = take('Z');  // in a function, whose name says more than its own
    const bool nested = take('N');
    if (nested && is_local) take('K');
    while (!rest_.empty() && !(nested && rest_.front() == 'E')) {
      if (is_digit(rest_.front())) {
        const std::string_view name = source_name();
        if (name.empty()) return {};
        found.push_back(name);
      } else if (rest_.front() == 'I') {
        if (!skip_arguments()) return {};
      } else if (nested && take('L')) {  // before a name that is its file's own
      } else if (rest_.starts_with("St")) {
        rest_.remove_prefix(2);
      } else if (nested && rest_.front() == 'S' && rest_.contains('_')) {  // namespaces that were named before
        skip_through('_');
      } else if (is_local) {
        break;
      } else {
        return {};
      }
    }
    return found;
  }

  // The same of a function, whose parameters follow.
  std::vector<std::string_view> parts_of_function() {
    if (rest_.starts_with("N") || rest_.starts_with("Z")) return parts();
    take('L');  // its file's own
    const std::string_view name = !rest_.empty() && is_digit(rest_.front()) ? source_name() : std::string_view();
    return name.empty() ? std::vector<std::string_view>() : std::vector{name};
  }

 private:
  bool take(char wanted) noexcept {
    const bool there = rest_.starts_with(wanted);
    if (there) rest_.remove_prefix(1);
    return there;
  }

  std::string_view source_name() noexcept {
    std::size_t length = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), length);
    if (error != std::errc{}) return {};
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    if (length > rest_.size()) return {};
    const std::string_view name = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return name;
  }

  void skip_through(char last) noexcept { rest_.remove_prefix(std::min(rest_.find(last), rest_.size() - 1) + 1); }

  bool skip_arguments() {
    std::string open;  // what is to be closed
    while (!rest_.empty()) {
      const char next = rest_.front();
      if (is_digit(next)) {
        if (source_name().empty()) return false;
        continue;
      }
      rest_.remove_prefix(1);
      if (next == 'E') {
        const bool was_lambda = open.back() == 'U';
        open.pop_back();
        if (open.empty()) return true;
        if (was_lambda && !rest_.empty()) skip_through('_');  // its number
        continue;
      }
      if (rest_.empty()) return false;
      const char following = rest_.front();
      if (std::string_view("INXJFZ").contains(next) || (next == 'U' && following == 'l')) open += next;
      if (next == 'L' && following >= 'a' && following <= 'z') skip_through('E');  // a number
      if (next == 'A') skip_through('_');                                          // a length
      if (next == 'T' || (next == 'S' && (following == '_' || is_digit(following)))) skip_through('_');
    }
    return false;
  }

  std::string_view rest_;
};

struct known_kind {
  std::string_view class_name;
  std::string_view kind;
};
constexpr known_kind known_kinds[] = {
    {"any_task", "task"},
    {"as_completed::next_operation", "as_completed"},
    {"barrier::wait_operation", "barrier"},
    {"basic_queue::getter", "queue get"},
    {"basic_queue::join_operation", "queue join"},
    {"basic_queue::putter", "queue put"},
    {"capacity_limiter::waiter", "capacity limiter"},
    {"completion_line::next_operation", "as_completed"},
    {"concurrent_wait", "concurrent future"},
    {"condition::wait_operation", "condition"},
    {"event::wait_operation", "event"},
    {"flow::feeds::end_operation", "merge"},
    {"flow::feeds::news_operation", "merge"},
    {"foreign_wait", "foreign"},
    {"gathered_coroutine_vector", "gather"},
    {"gathered_coroutines", "gather"},
    {"gathered_task_vector", "gather"},
    {"gathered_tasks", "gather"},
    {"lock::waiter", "lock"},
    {"memory_channel_waiter", "memory channel"},
    {"semaphore::waiter", "semaphore"},
    {"task_group::drain_operation", "task group"},
    {"waiting_task", "concurrent channel"},
};

}  // namespace

static std::string joined(std::span<const std::string_view> parts) {
  std::string name;
  for (const std::string_view part : parts)
    if (!part.starts_with("_GLOBAL__")) name.append(name.empty() ? "" : "::").append(part);
  return name;
}

std::string class_name(std::string_view mangled) {
  auto parts = name_reader(mangled).parts();
  std::erase_if(parts, [](std::string_view part) { return part == "hocket" || part == "detail"; });
  const std::string name = joined(parts);
  return name.empty() ? std::string(mangled) : name;
}

std::string function_argument(std::string_view mangled) {
  constexpr std::string_view address_of = "adL_Z";
  const std::size_t place = mangled.find(address_of);
  if (place == std::string_view::npos) return {};
  return joined(name_reader(mangled.substr(place + address_of.size())).parts_of_function());
}

std::string wait_kind(std::string_view mangled) {
  const std::string name = class_name(mangled);
  const auto known = std::ranges::find(known_kinds, name, &known_kind::class_name);
  if (known != std::end(known_kinds)) return std::string(known->kind);
  std::string_view kind = name;
  for (const std::string_view ending : {"_operation", "_wait", "awaiter"})
    if (kind.ends_with(ending)) kind.remove_suffix(ending.size());
  if (const std::size_t nested = kind.rfind("::"); nested != std::string_view::npos) {
    const std::string_view last = kind.substr(nested + 2);  // "task::take_": the class that it is of says more
    kind = last.empty() || last.ends_with('_') ? kind.substr(0, nested) : last;
    if (const std::size_t outer = kind.rfind("::"); outer != std::string_view::npos) kind.remove_prefix(outer + 2);
  }
  return std::string(kind);
}

}  // namespace hocket::detail
