#pragma once

#include <exception>

namespace hocket {

/// Thrown where an await resumes after a cancellation. Derives from nothing, so that no `catch (const std::exception&)` takes
/// it for an error; code that catches it to clean up throws it on. Counterpart: asyncio.CancelledError.
struct cancelled final {};

/// True if `error` holds `cancelled`.
[[nodiscard]] bool is_cancelled(const std::exception_ptr& error) noexcept;

}  // namespace hocket
