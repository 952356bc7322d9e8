#include <algorithm>

#include <hocket/core/cancelled.hpp>
#include <hocket/core/exception_group.hpp>
#include <hocket/deferred/deferred_list.hpp>

namespace hocket {

static std::string reason(const std::exception_ptr& why) {
  try {
    std::rethrow_exception(why);
  } catch (const std::exception& told) {
    return told.what();
  } catch (const cancelled&) {
    return "cancelled";
  } catch (...) {
    return "an exception of an unknown type";
  }
}

first_error::first_error(std::size_t which, std::exception_ptr why)
    : error("deferred " + std::to_string(which) + " failed: " + reason(why)), index_(which), cause_(std::move(why)) {}

std::exception_ptr detail::error_of_first(std::size_t which, const std::exception_ptr& why) {
  return is_cancelled(why) ? why : std::make_exception_ptr(first_error(which, why));
}

std::exception_ptr detail::error_of_all(std::vector<std::exception_ptr> errors) {
  if (std::ranges::all_of(errors, is_cancelled)) return errors.front();
  return std::make_exception_ptr(exception_group(std::move(errors)));
}

}  // namespace hocket
