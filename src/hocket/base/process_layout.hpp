#pragma once

namespace hocket::detail {

/// Friend of each class of which another process reads private fields; specialised, beside that class, to say where they stand
/// (base/process_table.hpp).
template <class Shown>
struct process_layout;

}  // namespace hocket::detail
