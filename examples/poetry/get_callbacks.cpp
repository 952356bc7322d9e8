// The system tells which sockets are ready, and a loop calls back: all poems at once on one thread. But a download is in pieces,
// and what they share has moved from local variables to an object.
// Run: get_callbacks [HOST:]PORT ...
#include <list>
#include <string>
#include <utility>
#include <vector>

#include "poetry.hpp"
#include "selector.hpp"

class download {
 public:
  download(selector& events, const address& from) : events_(events), from_(from) {}

  void begin() {
    if (try_connect(socket_, from_)) return connected();
    events_.add(socket_.number(), EPOLLOUT, [this] {
      events_.remove(socket_.number());
      connected();
    });
  }
  [[nodiscard]] std::string& poem() noexcept { return poem_; }

 private:
  void connected() {
    try_connect(socket_, from_);  // throws if it is not
    events_.add(socket_.number(), EPOLLIN, [this] { readable(); });
  }
  void readable() {
    const auto bytes = try_receive(socket_, from_);
    if (!bytes) return;
    if (bytes->empty()) return events_.remove(socket_.number());
    append(poem_, *bytes, from_);
  }

  selector& events_;
  const address& from_;
  tcp_socket socket_{SOCK_NONBLOCK};
  std::string poem_;
};

void loop(selector& events) {
  while (!events.is_empty())
    for (const selector::callback& each : events.select()) each();
}

std::vector<std::string> get_poetry(const std::vector<address>& addresses) {
  selector events;
  std::list<download> downloads;
  for (const address& each : addresses) downloads.emplace_back(events, each).begin();
  loop(events);
  std::vector<std::string> poems;
  for (download& each : downloads) poems.push_back(std::move(each.poem()));
  return poems;
}

int main(int argc, char** argv) {
  return run_client(argc, argv, "get_callbacks", "Downloads poems, called back when there is something.", get_poetry);
}
