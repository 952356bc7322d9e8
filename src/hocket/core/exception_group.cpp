#include <algorithm>

#include <fmt/format.h>

#include <hocket/core/exception_group.hpp>

namespace hocket {
namespace {

constexpr std::size_t most_described = 10;
constexpr std::size_t most_characters = 200;  // of each

// So that groups in groups, a thousand deep, do not repeat each other's texts.
std::string shortened(std::string_view text) {
  return text.size() <= most_characters ? std::string(text) : std::string(text.substr(0, most_characters)) + "...";
}

std::string describe(const std::exception_ptr& problem) {
  try {
    std::rethrow_exception(problem);
  } catch (const exception_group& nested) {
    return fmt::format("({})", shortened(nested.what()));
  } catch (const std::exception& known) {
    return shortened(known.what());
  } catch (...) {
    return "an exception of unknown type";
  }
}

std::string describe(const std::vector<std::exception_ptr>& errors) {
  std::string text = errors.size() == 1 ? "a task failed" : fmt::format("{} tasks failed", errors.size());
  const char* separator = ": ";
  for (std::size_t n = 0; n < std::min(errors.size(), most_described); ++n) {
    text += separator;
    text += describe(errors[n]);
    separator = "; ";
  }
  if (errors.size() > most_described) text += fmt::format("; and {} more", errors.size() - most_described);
  return text;
}

const std::vector<std::exception_ptr>& checked(const std::vector<std::exception_ptr>& errors) {
  if (errors.empty() || std::ranges::find(errors, nullptr) != errors.end())
    throw invalid_state_error("an exception group needs exceptions, at least one and none of them null");
  return errors;
}

/// What `problem` is if it is a group; null otherwise. Lives as long as `problem`.
const exception_group* as_group(const std::exception_ptr& problem) {
  try {
    std::rethrow_exception(problem);
  } catch (const exception_group& nested) {
    return &nested;
  } catch (...) {
    return nullptr;
  }
}

std::optional<exception_group> group_of(std::vector<std::exception_ptr> errors) {
  if (errors.empty()) return std::nullopt;
  return exception_group(std::move(errors));
}

}  // namespace

exception_group::exception_group(std::vector<std::exception_ptr> errors)
    : error(describe(checked(errors))), errors_(std::move(errors)) {}

exception_group::parts exception_group::split_leaves(
    const std::function<bool(const std::exception_ptr&)>& matches) const {
  std::vector<std::exception_ptr> matching;
  std::vector<std::exception_ptr> rest;
  for (const std::exception_ptr& each : errors_) {
    if (const exception_group* const nested = as_group(each)) {
      parts inner = nested->split_leaves(matches);
      // One that need not be split stays what it is.
      if (inner.matching) matching.push_back(inner.rest ? std::make_exception_ptr(*std::move(inner.matching)) : each);
      if (inner.rest) rest.push_back(inner.matching ? std::make_exception_ptr(*std::move(inner.rest)) : each);
    } else {
      (matches(each) ? matching : rest).push_back(each);
    }
  }
  return {group_of(std::move(matching)), group_of(std::move(rest))};
}

void exception_group::for_each_leaf(const std::function<void(const std::exception_ptr&)>& visit) const {
  for (const std::exception_ptr& each : errors_) {
    if (const exception_group* const nested = as_group(each))
      nested->for_each_leaf(visit);
    else
      visit(each);
  }
}

}  // namespace hocket
