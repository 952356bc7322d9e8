#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <hocket/http/server/cookie_sessions.hpp>

namespace hocket::http {

struct memory_sessions_options {
  session_cookie_options cookie{};
  /// Of more, the one unused for longest is forgotten.
  std::size_t most_sessions = 10'000;
  /// Of the names and values of one; a larger one is `hocket::error`, that is 500.
  std::size_t most_bytes = 16 * 1024;
};

/// Keeps sessions in memory: the cookie has only an id, signed, so that ids cannot be guessed. Clients see nothing, and what is cleared is
/// gone; so is everything when the program ends, and other processes know nothing of it. Requests of one client at the same time
/// share its session, until one of them renews or clears it: what the others put in then is lost. Only sessions with something in them are kept. Throws as `cookie_sessions`. Belongs to one loop: where several serve one
/// address (`run_loops`), each would know other sessions, and which of them a client's next connection meets is chance. Use `cookie_sessions`
/// there, which need no memory, with the same keys on each.
[[nodiscard]] middleware memory_sessions(std::vector<std::string> keys, memory_sessions_options options);

}  // namespace hocket::http
