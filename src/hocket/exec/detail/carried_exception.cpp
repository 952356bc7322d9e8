// Exceptions between processes: the type's name, what it said, and the code of a system_error.
//
// Only types that are made of a text alone can be made anew, and only if the type is exactly that one: a class derived from
// std::runtime_error would come back as less than it was, so it becomes a `remote_error` that names it.

#include <filesystem>
#include <memory>
#include <new>
#include <stdexcept>
#include <system_error>
#include <typeinfo>

#include <cxxabi.h>
#include <fmt/format.h>

#include <hocket/base/demangled.hpp>
#include <hocket/base/error.hpp>
#include <hocket/core/cancelled.hpp>
#include <hocket/exec/detail/carried_exception.hpp>
#include <hocket/exec/detail/process_archive.hpp>
#include <hocket/exec/executor_options.hpp>
#include <hocket/loop/blocking_pool.hpp>
#include <hocket/sync/barrier.hpp>
#include <hocket/sync/memory_channel.hpp>
#include <hocket/sync/queue.hpp>

namespace hocket::detail {

namespace {

struct carried {
  std::string type;
  std::string text;
  int code = 0;
  bool system = false;  // std::system_category, not std::generic_category

  template <class Archive>
  void serialize(Archive& archive) {
    archive(type, text, code, system);
  }
};

constexpr std::size_t longest_text = 32000;

struct known_type {
  const std::type_info* type;
  std::exception_ptr (*make)(const std::string& text);
};

template <class Error>
constexpr known_type made_of_text = {&typeid(Error),
                                     [](const std::string& text) { return std::make_exception_ptr(Error(text)); }};

template <class Error>
constexpr known_type made_of_nothing = {&typeid(Error),
                                        [](const std::string&) { return std::make_exception_ptr(Error()); }};

const known_type known_types[] = {
    made_of_text<std::runtime_error>,
    made_of_text<std::range_error>,
    made_of_text<std::overflow_error>,
    made_of_text<std::underflow_error>,
    made_of_text<std::logic_error>,
    made_of_text<std::invalid_argument>,
    made_of_text<std::domain_error>,
    made_of_text<std::length_error>,
    made_of_text<std::out_of_range>,
    made_of_text<hocket::error>,
    made_of_text<timeout_error>,
    made_of_text<invalid_state_error>,
    made_of_text<protocol_error>,
    made_of_text<message_too_large>,
    made_of_text<broken_process_pool>,
    made_of_text<executor_full>,
    made_of_text<broken_thread_pool>,
    made_of_nothing<queue_shut_down>,
    made_of_nothing<broken_barrier_error>,
    made_of_nothing<closed_resource_error>,
    made_of_nothing<broken_resource_error>,
    made_of_nothing<end_of_channel>,
    made_of_nothing<std::bad_alloc>,
    made_of_nothing<cancelled>,
};

std::string text_of(const std::exception& error) {
  const char* const text = error.what();
  return text != nullptr ? text : "";
}

// what() is "prefix: message of the code"; the message comes back by itself.
std::string prefix_of(const std::system_error& error) {
  std::string text = error.what();
  const std::string message = error.code().message();
  if (!text.ends_with(message)) return text;
  text.resize(text.size() - message.size());
  if (text.ends_with(": ")) text.resize(text.size() - 2);
  return text;
}

carried describe(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::system_error& thrown) {
    const auto& category = thrown.code().category();
    if (typeid(thrown) == typeid(std::system_error) &&
        (category == std::system_category() || category == std::generic_category()))
      return {typeid(thrown).name(), prefix_of(thrown), thrown.code().value(), category == std::system_category()};
    return {typeid(thrown).name(), text_of(thrown)};
  } catch (const std::exception& thrown) {
    return {typeid(thrown).name(), text_of(thrown)};
  } catch (...) {
    return {abi::__cxa_current_exception_type()->name(), {}};
  }
}

}  // namespace

void append_exception(std::string& message, const std::exception_ptr& error) {
  carried what = describe(error);
  if (what.type.size() > longest_text / 2) what.type.resize(longest_text / 2);
  if (what.text.size() > longest_text) what.text.resize(longest_text);
  encode(message, message.max_size(), "exception", what);
}

std::exception_ptr read_exception(std::string_view bytes, std::string_view where) {
  carried what;
  decode(bytes, "the exception", what);
  const auto with_place = [&](const std::string& text) { return fmt::format("{} ({})", text, where); };
  if (what.type == typeid(std::system_error).name()) {
    const auto& category = what.system ? std::system_category() : std::generic_category();
    const std::string text = what.text.empty() ? std::string(where) : with_place(what.text);
    return std::make_exception_ptr(std::system_error(what.code, category, text));
  }
  for (const known_type& known : known_types)
    if (what.type == known.type->name()) return known.make(with_place(what.text));
  const std::string type = demangled(what.type.c_str());
  const std::string said = what.text.empty() ? type : fmt::format("{}: {}", type, what.text);
  return std::make_exception_ptr(remote_error(with_place(said), type, what.text));
}

}  // namespace hocket::detail
