// A backend of one's own: a network that is made of paper. Nothing of it is the system's.

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/uio.h>

#include <hocket/core/as_result.hpp>
#include <hocket/core/run.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/io/file_system.hpp>
#include <hocket/io/open_connection.hpp>
#include <hocket/io/resolve.hpp>
#include <hocket/io/tcp.hpp>
#include <hocket/loop/backend.hpp>

using namespace std::chrono_literals;
using hocket::backend;
using hocket::coro;
using hocket::io_op;
using hocket::io_request;

namespace {

constexpr int first_number = 1'000'000;  // no descriptor of the process

/// What the network does, and what it was asked.
struct paper {
  std::vector<std::string> to_be_received;  // piece by piece, then the end; nothing is left: silence
  bool falls_silent = false;
  int connect_answer = 0;

  std::vector<std::string> looked_up;
  std::vector<std::string> connected_to;
  std::string sent;
  std::vector<std::string> folder;  // the names in every folder, once
  std::vector<std::string> asked_of_paths;
  int opened = 0;
  int closed = 0;
};

class paper_lender final : public hocket::buffer_lender {
 public:
  hocket::buffer give(std::string text) {
    held_.push_back(std::make_unique<std::string>(std::move(text)));
    return lend(static_cast<std::uint32_t>(held_.size() - 1), *held_.back());
  }

 private:
  void take_back(std::uint32_t slot) noexcept override { held_[slot].reset(); }
  std::vector<std::unique_ptr<std::string>> held_;
};

class paper_backend final : public backend {
 public:
  paper_backend(hocket::loop& owner, paper& world) : backend(owner), world_(world) {}

  [[nodiscard]] std::string_view name() const noexcept override { return "paper"; }

  [[nodiscard]] bool start(io_request& request) override {
    began(request);
    pending_.push_back(&request);
    return false;
  }
  bool cancel(io_request& request) override {
    if (request.completed) return false;
    std::erase(pending_, &request);
    complete(request, -ECANCELED);
    return true;
  }
  void collect(std::optional<std::chrono::nanoseconds> limit) override {
    if (answer_all()) return;
    std::unique_lock guard(mutex_);
    const auto is_woken = [this] { return std::exchange(woken_, false); };
    if (limit)
      changed_.wait_for(guard, *limit, is_woken);
    else
      changed_.wait(guard, is_woken);
  }
  void wake() noexcept override {
    const std::lock_guard guard(mutex_);
    woken_ = true;
    changed_.notify_one();
  }
  [[nodiscard]] hocket::buffer lend(io_request&) noexcept override { return lender_.give(std::move(arrived_)); }
  [[nodiscard]] hocket::buffer borrow() override { return lender_.give(std::string(16 * 1024, '\0')); }
  [[nodiscard]] std::size_t lent_buffers() const noexcept override { return lender_.lent(); }

  [[nodiscard]] int socket(int, int, int) override { return first_number + world_.opened++; }
  [[nodiscard]] int socketpair(int, int, int, int (&)[2]) override { return -ENOSYS; }
  [[nodiscard]] int pipe(int (&)[2]) override { return -ENOSYS; }
  [[nodiscard]] int bind(int, const sockaddr*, socklen_t) override { return -ENOSYS; }
  [[nodiscard]] int listen(int, int) override { return -ENOSYS; }
  [[nodiscard]] int setsockopt(int, int, int, const void*, socklen_t) override { return 0; }
  [[nodiscard]] int getsockopt(int, int, int, void*, socklen_t*) override { return -ENOSYS; }
  [[nodiscard]] int getsockname(int, sockaddr*, socklen_t*) override { return -ENOSYS; }
  [[nodiscard]] int getpeername(int, sockaddr* address, socklen_t* size) override {
    return tell_address(address, size, 80);
  }
  [[nodiscard]] int shutdown(int, int) noexcept override { return 0; }
  [[nodiscard]] int sendmsg(int, const msghdr&) override { return -ENOSYS; }
  [[nodiscard]] int poll_now(int, short) noexcept override { return 0; }
  [[nodiscard]] int fstat(int, struct stat&) override { return -ENOSYS; }
  [[nodiscard]] int duplicate(int) override { return -ENOSYS; }
  [[nodiscard]] std::int64_t lseek(int, std::int64_t, int) override { return -ENOSYS; }
  [[nodiscard]] int open_now(const char*, int, unsigned) override { return -ENOSYS; }
  [[nodiscard]] int lstat(const char*, struct stat&) override { return -ENOSYS; }
  [[nodiscard]] int unlink(const char*) noexcept override { return -ENOSYS; }
  [[nodiscard]] int rmdir(const char*) noexcept override { return -ENOSYS; }
  [[nodiscard]] int chmod(const char*, unsigned) override { return -ENOSYS; }
  [[nodiscard]] int fchmod(int, unsigned) override { return -ENOSYS; }
  [[nodiscard]] int if_nametoindex(const char*) override { return -ENODEV; }
  [[nodiscard]] int if_indextoname(unsigned, std::string&) override { return -ENXIO; }
  [[nodiscard]] int read_directory(int, std::vector<hocket::directory_entry>&, std::size_t) override { return -ENOSYS; }
  [[nodiscard]] int getaddrinfo(const char* host, const char*, const addrinfo*, addrinfo** found) override {
    world_.looked_up.emplace_back(host);
    if (std::string_view(host) != "paper.example") return EAI_NONAME;
    socklen_t size = sizeof address_;
    static_cast<void>(tell_address(reinterpret_cast<sockaddr*>(&address_), &size, 0));
    entry_.ai_family = AF_INET;
    entry_.ai_addr = reinterpret_cast<sockaddr*>(&address_);
    entry_.ai_addrlen = sizeof address_;
    *found = &entry_;
    return 0;
  }
  void freeaddrinfo(addrinfo*) noexcept override {}
  [[nodiscard]] int getnameinfo(const sockaddr*, socklen_t, std::string&, std::string&, int) override {
    return EAI_NONAME;
  }

 private:
  void close_number(int number) noexcept override {
    EXPECT_GE(number, first_number);
    ++world_.closed;
  }

  static int tell_address(sockaddr* address, socklen_t* size, std::uint16_t port) {
    sockaddr_in told{};
    told.sin_family = AF_INET;
    told.sin_port = htons(port);
    told.sin_addr.s_addr = htonl(0xC0000201);  // 192.0.2.1
    std::memcpy(address, &told, std::min<std::size_t>(*size, sizeof told));
    *size = sizeof told;
    return 0;
  }

  bool answer_all() {
    bool any = false;
    for (std::size_t n = 0; n < pending_.size();) {
      if (answer(*pending_[n]))
        any = true;
      else
        ++n;
    }
    return any;
  }
  /// False: it waits.
  bool answer(io_request& request) {
    switch (request.op) {
      case io_op::connect:
        world_.connected_to.push_back(
            hocket::socket_address(static_cast<sockaddr*>(request.data), static_cast<socklen_t>(request.length))
                .to_string());
        return end(request, world_.connect_answer);
      case io_op::send:
        world_.sent.append(static_cast<char*>(request.data), request.length);
        return end(request, 0);
      case io_op::send_pieces: {
        const auto& message = *static_cast<msghdr*>(request.data);
        for (std::size_t n = 0; n < message.msg_iovlen; ++n)
          world_.sent.append(static_cast<char*>(message.msg_iov[n].iov_base), message.msg_iov[n].iov_len);
        return end(request, 0);
      }
      case io_op::receive:
        if (world_.to_be_received.empty()) return !world_.falls_silent && end(request, 0);
        arrived_ = world_.to_be_received.front();
        world_.to_be_received.erase(world_.to_be_received.begin());
        return end(request, static_cast<std::int32_t>(arrived_.size()));
      case io_op::open:
        return end(request, first_number + world_.opened++);
      case io_op::stat:
        static_cast<struct statx*>(request.details->second)->stx_size = 42;
        return asked(request, "stat");
      case io_op::make_directory:
        return asked(request, "mkdir");
      case io_op::remove:
        return asked(request, "remove");
      case io_op::read_directory: {
        const auto names = std::exchange(world_.folder, {});
        for (const std::string& name : names)
          static_cast<std::vector<hocket::directory_entry>*>(request.data)->push_back({.name = name, .type = DT_REG});
        return end(request, static_cast<std::int32_t>(names.size()));
      }
      default:
        return end(request, -ENOSYS);
    }
  }
  bool asked(io_request& request, const std::string& what) {
    world_.asked_of_paths.push_back(what + " " + static_cast<const char*>(request.data));
    return end(request, 0);
  }
  bool end(io_request& request, std::int32_t result) {
    std::erase(pending_, &request);
    complete(request, result);
    return true;
  }

  paper& world_;
  std::vector<io_request*> pending_;
  std::string arrived_;  // by the receive that is answered last; lent before the next is answered
  paper_lender lender_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
  addrinfo entry_{};
  sockaddr_in address_{};
};

/// Runs on a network of paper.
template <class Main>
void run_on(paper& world, Main main) {
  hocket::run_options options;
  options.make_backend = [&world](hocket::loop& owner) { return std::make_unique<paper_backend>(owner, world); };
  hocket::run(main(), std::move(options));
  EXPECT_EQ(world.opened, world.closed);
}

TEST(a_backend_of_ones_own, answers_everything_that_a_connection_asks) {
  paper world{.to_be_received = {"how ", "do you do\nbye"}};
  run_on(world, []() -> coro<void> {
    EXPECT_EQ(hocket::loop::running().io().name(), "paper");
    auto [reader, writer] = co_await hocket::open_connection("paper.example", 80);
    EXPECT_EQ(writer.peer_address().to_string(), "192.0.2.1:80");
    writer.write("hello");
    co_await writer.drain();
    EXPECT_EQ(co_await reader.readline(), "how do you do\n");
    EXPECT_EQ(co_await reader.read(), "bye");
    writer.close();
    co_await writer.wait_closed();
  });
  EXPECT_EQ(world.looked_up, std::vector<std::string>{"paper.example"});
  EXPECT_EQ(world.connected_to, std::vector<std::string>{"192.0.2.1:80"});
  EXPECT_EQ(world.sent, "hello");
}

TEST(a_backend_of_ones_own, answers_what_is_asked_of_files_and_paths) {
  paper world{.folder = {"b", "a"}};
  run_on(world, []() -> coro<void> {
    co_await hocket::makedirs("paper/folder");
    EXPECT_EQ((co_await hocket::stat("paper/file")).size_bytes, 42U);
    const auto entries = co_await hocket::list_directory("paper");
    EXPECT_EQ(entries.size(), 2U);
    EXPECT_EQ(entries.front().name, "a");
    co_await hocket::remove("paper/file");
    const auto renamed = co_await hocket::as_expected(hocket::rename("paper", "stone"));
    EXPECT_EQ(renamed.error(), std::errc::function_not_supported);
  });
  EXPECT_EQ(world.asked_of_paths,
            (std::vector<std::string>{"mkdir paper/folder", "stat paper/file", "remove paper/file"}));
}

TEST(a_backend_of_ones_own, is_told_what_is_cancelled) {
  paper world{.falls_silent = true};
  run_on(world, []() -> coro<void> {
    auto socket = co_await hocket::tcp_socket::connect(*hocket::socket_address::parse("192.0.2.1", 80));
    const auto received = co_await hocket::as_result(hocket::with_timeout(1ms, socket.receive()));
    EXPECT_FALSE(received);
    EXPECT_EQ(hocket::loop::running().io().in_flight(), 0U);
  });
}

TEST(a_backend_of_ones_own, says_what_fails_in_its_own_way) {
  paper world{.connect_answer = -ENETDOWN};
  run_on(world, []() -> coro<void> {
    const auto unknown = co_await hocket::as_result(hocket::open_connection("stone.example", 80));
    EXPECT_FALSE(unknown);
    const auto down =
        co_await hocket::as_expected(hocket::tcp_socket::connect(*hocket::socket_address::parse("192.0.2.1", 80)));
    EXPECT_EQ(down.error(), std::errc::network_down);
  });
  EXPECT_EQ(world.looked_up, std::vector<std::string>{"stone.example"});
}

}  // namespace
