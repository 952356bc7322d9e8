#pragma once

#include <string>
#include <string_view>

namespace hocket::detail {

/// The name of a class, without its namespaces `hocket` and `detail` and without arguments of templates, from the one that the compiler
/// gives it: "basic_queue::getter". What is given is read with bounds, and comes back as it is if it is not understood.
[[nodiscard]] std::string class_name(std::string_view mangled);

/// The function that is an argument of a class template, also of one within another, without its parameters: "shop::count" of `call<&shop::count>`.
/// Empty if there is none.
[[nodiscard]] std::string function_argument(std::string_view mangled);

/// What those who write programs call it: "queue get".
[[nodiscard]] std::string wait_kind(std::string_view mangled);

}  // namespace hocket::detail
