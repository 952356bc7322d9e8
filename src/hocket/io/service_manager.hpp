#pragma once

#include <string_view>

namespace hocket {

/// Tells the service manager that started this process how it is: "READY=1" when it serves, "STOPPING=1" when it ends, "STATUS=..." for people; several
/// in one text, a line each. Does not wait. False if nobody asked (NOTIFY_SOCKET is not set: a terminal, a manager that does not care). Throws
/// std::system_error if it cannot be told: the service goes on all the same, but a manager that waits to hear of it ends it in the end.
/// Source: sd_notify(3).
bool notify_service_manager(std::string_view state);

}  // namespace hocket
