#pragma once

#include <string>

namespace hocket::green::preload {

/// An object of the program that keeps variables by thread, which all green threads would share: its path, empty if there is none. Those of C and C++
/// themselves do not count: what they keep so is either exchanged with each switch or set by each call.
[[nodiscard]] std::string object_with_thread_locals();

/// True if one was loaded since `accept_thread_locals`, which is told once on standard error. Cheap where nothing was loaded.
[[nodiscard]] bool has_loaded_thread_locals();

/// What is there now is taken as it is.
void accept_thread_locals();

}  // namespace hocket::green::preload
