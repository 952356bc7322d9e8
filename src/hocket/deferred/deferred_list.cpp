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

}  // namespace hocket
