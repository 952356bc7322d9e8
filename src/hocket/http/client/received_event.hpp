#pragma once

#include <string>

namespace hocket::http {

/// One of a stream's events. Counterpart: MessageEvent.
struct received_event {
  std::string data{};            ///< of any number of lines, separated by '\n'
  std::string type = "message";  ///< what the server calls it
  std::string last_event_id{};   ///< of this event or of one before it; empty: none
};

}  // namespace hocket::http
