#pragma once

#include <concepts>
#include <cstddef>
#include <exception>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include <hocket/base/error.hpp>

namespace hocket {

class exception_group;

namespace detail {

/// A type of error that a leaf may have: a group is none.
template <class Error>
concept leaf_error = !std::derived_from<Error, exception_group>;

}  // namespace detail

/// Several errors that left a task group together; never holds a `cancelled`. May hold groups: a leaf is what is no group.
///
/// `except*` is written so; what stays unhandled goes on:
/// ```
/// try {
///   co_await with_task_group(body);
/// } catch (const exception_group& group) {
///   auto [late, rest] = group.split<timeout_error>();
///   if (late) late->visit<timeout_error>([](const timeout_error& error) { note(error.what()); });
///   if (rest) throw *rest;
/// }
/// ```
/// Counterpart: ExceptionGroup.
class exception_group : public error {
 public:
  /// Throws `invalid_state_error` if there is none, or a null one.
  explicit exception_group(std::vector<std::exception_ptr> errors);

  /// In the order in which they happened; at least one.
  [[nodiscard]] const std::vector<std::exception_ptr>& errors() const noexcept { return errors_; }

  struct parts;

  /// The leaves that are `Error`s, and the others, each in groups that are nested and ordered as here; a group of which
  /// nothing is left is left out. Counterpart: ExceptionGroup.split.
  template <detail::leaf_error Error>
  [[nodiscard]] parts split() const;
  /// The same with the leaves for which `matches`, a callable on `const std::exception_ptr&`, is true. Unlike Python's it is
  /// not asked of groups: in C++ these are errors like others, which any condition on a base class would take whole.
  template <class Predicate>
    requires std::predicate<Predicate&, const std::exception_ptr&>
  [[nodiscard]] parts split(Predicate matches) const;

  /// The first half of `split`. Counterpart: ExceptionGroup.subgroup.
  template <detail::leaf_error Error>
  [[nodiscard]] std::optional<exception_group> subgroup() const;
  template <class Predicate>
    requires std::predicate<Predicate&, const std::exception_ptr&>
  [[nodiscard]] std::optional<exception_group> subgroup(Predicate matches) const;

  /// Calls `function(const Error&)` for each leaf that is an `Error`, in order, those of nested groups too. Returns how many
  /// there were.
  template <detail::leaf_error Error, std::invocable<const Error&> Function>
  std::size_t visit(Function function) const {
    std::size_t visited = 0;
    for_each_leaf([&](const std::exception_ptr& leaf) {
      try {
        std::rethrow_exception(leaf);
      } catch (const Error& known) {
        ++visited;
        static_cast<void>(function(known));
      } catch (...) {
      }
    });
    return visited;
  }

 private:
  [[nodiscard]] parts split_leaves(const std::function<bool(const std::exception_ptr&)>& matches) const;
  void for_each_leaf(const std::function<void(const std::exception_ptr&)>& visit) const;

  std::vector<std::exception_ptr> errors_;
};

struct exception_group::parts {
  std::optional<exception_group> matching;
  std::optional<exception_group> rest;
};

template <detail::leaf_error Error>
exception_group::parts exception_group::split() const {
  return split_leaves([](const std::exception_ptr& leaf) {
    try {
      std::rethrow_exception(leaf);
    } catch (const Error&) {
      return true;
    } catch (...) {
      return false;
    }
  });
}

template <class Predicate>
  requires std::predicate<Predicate&, const std::exception_ptr&>
exception_group::parts exception_group::split(Predicate matches) const {
  return split_leaves(std::ref(matches));
}

template <detail::leaf_error Error>
std::optional<exception_group> exception_group::subgroup() const {
  return split<Error>().matching;
}

template <class Predicate>
  requires std::predicate<Predicate&, const std::exception_ptr&>
std::optional<exception_group> exception_group::subgroup(Predicate matches) const {
  return split(std::ref(matches)).matching;
}

}  // namespace hocket
