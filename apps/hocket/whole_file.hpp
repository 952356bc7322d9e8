#pragma once

#include <functional>
#include <iosfwd>
#include <string>

namespace hocket::app {

/// Has a file written beside `path`, whose place it takes when it is complete: nobody sees half of it, and what was there stays if `write`
/// throws. Throws `failure`, and what `write` does.
void write_whole_file(const std::string& path, const std::function<void(std::ostream&)>& write);

}  // namespace hocket::app
