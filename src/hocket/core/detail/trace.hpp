#pragma once

namespace hocket {

class loop;

namespace detail {

/// If the environment says HOCKET_TRACE=FILE, writes there what `traced` does, and what its tasks do, for chrome://tracing and Perfetto. See
/// docs/debugging.md. Throws `hocket::error` if it says so wrongly; a file that cannot be written is told in a line, and no more.
void trace_if_asked(loop& traced);

}  // namespace detail
}  // namespace hocket
