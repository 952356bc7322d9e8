// A chat with rooms. Nobody waits for a slow reader: a member who lets too much pile up is dropped, and the others are told.
// Run: chat_server [--host H] [--port P], then nc H P: /join ROOM, /nick NAME, /who, /quit. Ctrl-C or SIGTERM says good-bye.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/ranges.h>

#include "program.hpp"

using namespace std::chrono_literals;

constexpr std::size_t most_unread_bytes = 256 * 1024;
constexpr std::size_t longest_line = 4096;

struct member {
  std::string name;
  hocket::stream_writer writer;
  std::string room = "lobby";
  std::string_view end = "left";  // what the others are told then
};

class chat {
 public:
  hocket::coro<void> serve(hocket::stream_reader reader, hocket::stream_writer writer) {
    member& me = members_.emplace_back(fmt::format("guest{}", ++guests_), std::move(writer));
    const leaving guard{*this, me};
    tell(me, fmt::format("* you are {} in {}", me.name, me.room));
    tell_others(me, fmt::format("* {} is here", me.name));
    try {
      while (hear(me, co_await reader.readline()))
        co_await hocket::sleep(0s);  // one line a turn: what it said goes out before the next one
    } catch (const hocket::limit_overrun_error&) {
      me.end = "was dropped for a line too long";
    } catch (const std::system_error&) {
      me.end = "was lost";
    }
  }

  void tell_everybody(std::string_view line) {
    for (member& each : members_) tell(each, line);
  }

 private:
  struct leaving {
    chat& from;
    member& who;
    ~leaving() {
      from.tell_others(who, fmt::format("* {} {}", who.name, who.end));
      from.members_.remove_if([&](const member& each) { return &each == &who; });
    }
  };

  /// What a member says or commands; false if that was the last.
  bool hear(member& me, std::string_view line) {
    if (line.empty()) return false;
    line = line.substr(0, line.find_last_not_of("\r\n") + 1);
    const auto space = std::min(line.find(' '), line.size());
    const std::string command(line.substr(0, space)), argument(line.substr(std::min(space + 1, line.size())));
    if (command == "/quit") return false;
    if (command == "/who")
      who(me);
    else if (command == "/join" && !argument.empty())
      join(me, argument);
    else if (command == "/nick" && !argument.empty())
      rename(me, argument);
    else if (command.starts_with('/'))
      tell(me, "* there are /join ROOM, /nick NAME, /who, /quit");
    else if (!line.empty())
      tell_others(me, fmt::format("{}: {}", me.name, line));
    return true;
  }

  void who(member& me) {
    std::vector<std::string_view> names;
    for (const member& each : members_)
      if (each.room == me.room) names.push_back(each.name);
    tell(me, fmt::format("* in {}: {}", me.room, fmt::join(names, ", ")));
  }

  void join(member& me, std::string room) {
    tell_others(me, fmt::format("* {} went to {}", me.name, room));
    me.room = std::move(room);
    tell(me, fmt::format("* you are in {}", me.room));
    tell_others(me, fmt::format("* {} is here", me.name));
  }

  void rename(member& me, std::string name) {
    if (std::ranges::count(members_, name, &member::name) > 0) return tell(me, fmt::format("* {} is taken", name));
    const auto line = fmt::format("* {} is now {}", me.name, name);
    me.name = std::move(name);
    tell(me, line);
    tell_others(me, line);
  }

  void tell_others(const member& me, std::string_view line) {
    for (member& each : members_)
      if (&each != &me && each.room == me.room) tell(each, line);
  }

  void tell(member& to, std::string_view line) {
    to.writer.write(fmt::format("{}\n", line));
    if (to.writer.write_buffer_size() <= most_unread_bytes) return;
    to.end = "was dropped for not reading";
    to.writer.abort();  // so its reader is at the end, and `serve` too
  }

  std::list<member> members_;
  int guests_ = 0;
};

hocket::coro<void> say_goodbye(chat& rooms, hocket::server& server) {
  server.close();
  rooms.tell_everybody("* the server is going away");
  server.close_clients();  // once they have what was written
  if (co_await hocket::move_on_after(2s, server.wait_closed())) co_return;
  server.abort_clients();
  co_await server.wait_closed();
}

hocket::coro<void> serve(std::string host, std::uint16_t port) {
  chat rooms;
  const auto serve_client = [&](hocket::stream_reader reader, hocket::stream_writer writer) -> hocket::coro<void> {
    co_await rooms.serve(std::move(reader), std::move(writer));
  };
  auto server = co_await hocket::start_server(serve_client, host, port, {.limit = longest_line});
  for (const auto& address : server.addresses()) fmt::print("chatting at {}\n", address.to_string());
  hocket::event never;
  co_await hocket::finally(never.wait(), say_goodbye(rooms, server));
}

int main(int argc, char** argv) {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8888;
  CLI::App options("A chat with rooms.", "chat_server");
  options.add_option("--host", host, "the address to listen at")->capture_default_str();
  options.add_option("--port", port, "the port; 0: one that is free")->capture_default_str();
  read_command_line(options, argc, argv);
  return run_program(options, serve(host, port));
}
