// c-ares (1.18) keeps questions, servers, rounds and time-outs, and makes and reads datagrams. It calls nothing but what stands
// here, on the loop's thread, and waits for nothing itself.
//
// Its sockets are ours (ares_set_socket_functions): the loop must know of a number before it is closed, so that a poll on it ends
// first, and TCP must not raise SIGPIPE. They are non-blocking and go past the backend's system calls; each has a task that polls
// for bytes, and one more while there is something to write. The loop's timer wakes c-ares when something may be due; c-ares itself
// looks at the system's clock, so under a virtual clock its time-outs take as long as they say.
//
// One question cannot be cancelled: whoever no longer wants to know just does not listen. ares_destroy ends all of them.

#include <algorithm>
#include <cerrno>
#include <utility>

#include <ares.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <hocket/base/error.hpp>
#include <hocket/core/as_result.hpp>
#include <hocket/core/task.hpp>
#include <hocket/dns/detail/channel.hpp>
#include <hocket/io/poll_operation.hpp>

namespace hocket::detail {
namespace {

constexpr unsigned most_datagrams = 64;  // in a row
constexpr int most_datagram_bytes =
    1232;  // that a server may send: what no network cuts in pieces. EDNS, DNS flag day 2020
constexpr std::size_t header_bytes = 12;     // of a message. RFC 1035, 4.1.1
constexpr unsigned char is_response = 0x80;  // QR, in the third of them
constexpr std::uint16_t default_port = 53;
constexpr int internet = 1;  // the class

void require(int status, const char* what) {
  if (status != ARES_SUCCESS) throw error(fmt::format("cannot {}: {}", what, ::ares_strerror(status)));
}

// Once; what it would free there is nothing of.
void begin_library() {
  static const int status = ::ares_library_init(ARES_LIB_INIT_ALL);
  require(status, "begin with c-ares");
}

// Nothing if the answer itself says what is wrong.
std::optional<dns_errc> error_of(int status) noexcept {
  switch (status) {
    case ARES_SUCCESS:
    case ARES_ENODATA:
    case ARES_EFORMERR:
    case ARES_ESERVFAIL:
    case ARES_ENOTFOUND:
    case ARES_ENOTIMP:
    case ARES_EREFUSED:
      return {};
    case ARES_EBADNAME:
    case ARES_EBADQUERY:
      return dns_errc::bad_name;
    case ARES_ECONNREFUSED:
      return dns_errc::connection_refused;
    case ARES_ETIMEOUT:
      return dns_errc::timed_out;
    case ARES_EDESTRUCTION:
    case ARES_ECANCELLED:
      return dns_errc::closed;
    case ARES_ENOMEM:
      return dns_errc::server_failure;
    default:
      return dns_errc::bad_response;
  }
}

// The same where there is no answer to look at.
dns_errc error_without_answer(int status) noexcept {
  switch (status) {
    case ARES_ENODATA:
      return dns_errc::no_data;
    case ARES_EFORMERR:
      return dns_errc::format_error;
    case ARES_ENOTFOUND:
      return dns_errc::no_such_name;
    case ARES_ENOTIMP:
      return dns_errc::not_implemented;
    case ARES_EREFUSED:
      return dns_errc::refused;
    default:
      return dns_errc::server_failure;
  }
}

int milliseconds_of(duration length) noexcept {
  const auto whole = std::chrono::ceil<std::chrono::milliseconds>(length).count();
  return static_cast<int>(std::clamp<std::int64_t>(whole, 1, 600'000));
}

}  // namespace

struct channel::watched_socket {
  watched_socket(io_handle opened, int type) noexcept : handle(std::move(opened)), is_datagram(type == SOCK_DGRAM) {}

  io_handle handle;  // closed when c-ares has closed it
  bool is_datagram;
  bool reading = false;  // there is a task for it
  bool wants_to_write = false;
  bool writing = false;  // the same
};

/// What a task that polls has in hand. Whatever ends it while its socket is needed, a cancellation before it began too, ends all
/// questions: nobody would hear the answers.
class channel::watch {
 public:
  watch(std::shared_ptr<channel> by, socket_ref on, short events) noexcept
      : self(std::move(by)), socket(std::move(on)), events(events) {}
  watch(watch&&) noexcept = default;
  ~watch() {
    if (self == nullptr) return;
    bool& active = events == POLLIN ? socket->reading : socket->writing;
    if (std::exchange(active, false) && is_needed()) self->give_up();
  }

  [[nodiscard]] bool is_needed() const noexcept {
    return socket->handle.is_open() && (events == POLLIN || socket->wants_to_write);
  }

  std::shared_ptr<channel> self;
  socket_ref socket;
  short events;
};

/// What c-ares calls. Nothing may throw into it.
struct channel::callbacks {
  static channel& self(void* data) noexcept { return *static_cast<channel*>(data); }

  static int open(int family, int type, int protocol, void* data) {
    return self(data).open_socket(family, type, protocol);
  }
  static int close(int number, void* data) {
    self(data).close_socket(number);
    return 0;
  }
  static int connect(int number, const sockaddr* address, ares_socklen_t size, void*) {
    return ::connect(number, address, size);
  }
  static ares_ssize_t receive(int number, void* into, size_t size, int flags, sockaddr* from, ares_socklen_t* from_size,
                              void* data) {
    if (self(data).datagrams_left_ == 0) {
      errno = EAGAIN;
      return -1;
    }
    --self(data).datagrams_left_;
    const ssize_t got = ::recvfrom(number, into, size, flags, from, from_size);
    if (got <= 0) return got;
    const std::span bytes(static_cast<const unsigned char*>(into), static_cast<std::size_t>(got));
    if (!self(data).may_be_answer(number, bytes)) {
      errno = EAGAIN;  // the poll tells if there is more
      return -1;
    }
    self(data).heard(bytes);
    return got;
  }
  static ares_ssize_t send(int number, const iovec* pieces, int count, void*) {
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(pieces);
    message.msg_iovlen = static_cast<std::size_t>(count);
    return ::sendmsg(number, &message, MSG_NOSIGNAL);
  }
  static void state(void* data, int number, int, int writable) { self(data).wants_to_write(number, writable != 0); }

  static void answered(void* listener, int status, int, unsigned char* bytes, int size) {
    auto& waiting = *static_cast<channel_listener*>(listener);
    const auto error = error_of(status);
    if (error)
      waiting.answered(error, {});
    else if (bytes == nullptr || size <= 0)
      waiting.answered(error_without_answer(status), {});
    else
      waiting.answered({}, {bytes, static_cast<std::size_t>(size)});
  }

  static constexpr ares_socket_functions functions{
      .asocket = open, .aclose = close, .aconnect = connect, .arecvfrom = receive, .asendv = send};
};

std::shared_ptr<channel> channel::open(const dns_options& options, refusal_listener refused) {
  begin_library();
  const std::shared_ptr<channel> made(new channel(std::move(refused)));
  made->configure(options);
  return made;
}

channel::~channel() { close(); }

void channel::configure(const dns_options& options) {
  ares_options settings{};
  settings.flags = ARES_FLAG_EDNS | ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | (options.tcp_only ? ARES_FLAG_USEVC : 0);
  settings.ednspsz = most_datagram_bytes;
  settings.timeout = milliseconds_of(options.timeout);
  settings.tries = std::clamp(options.tries, 1, 20);
  settings.sock_state_cb = callbacks::state;
  settings.sock_state_cb_data = this;
  int given = ARES_OPT_FLAGS | ARES_OPT_EDNSPSZ | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
  if (options.rotate) given |= *options.rotate ? ARES_OPT_ROTATE : ARES_OPT_NOROTATE;
  require(::ares_init_options(&ares_, &settings, given), "read the system's configuration of DNS");
  ::ares_set_socket_functions(ares_, &callbacks::functions, this);
  if (!options.servers.empty()) use_servers(options.servers);
  read_configuration();
  if (options.search) search_ = *options.search;
  if (options.ndots) ndots_ = *options.ndots;
}

void channel::use_servers(const std::vector<socket_address>& servers) {
  std::vector<ares_addr_port_node> nodes(servers.size());
  for (std::size_t n = 0; n < servers.size(); ++n) {
    const socket_address address = servers[n].from_v4_mapped();
    ares_addr_port_node& node = nodes[n];
    node.family = address.family();
    node.udp_port = node.tcp_port = address.port();
    if (node.family == AF_INET)
      node.addr.addr4 = reinterpret_cast<const sockaddr_in*>(address.data())->sin_addr;
    else if (address.scope_id() != 0)
      throw error(
          fmt::format("cannot ask {} for names: c-ares takes no address of one interface", address.to_string()));
    else if (node.family == AF_INET6)
      std::ranges::copy(reinterpret_cast<const sockaddr_in6*>(address.data())->sin6_addr.s6_addr,
                        node.addr.addr6._S6_un._S6_u8);
    else
      throw error(fmt::format("cannot ask {} for names: it is no address of a server", address.to_string()));
    if (n > 0) nodes[n - 1].next = &node;
  }
  require(::ares_set_servers_ports(ares_, nodes.data()), "use these name servers");
}

void channel::read_configuration() {
  ares_addr_port_node* nodes = nullptr;
  require(::ares_get_servers_ports(ares_, &nodes), "tell the name servers");
  const std::unique_ptr<ares_addr_port_node, void (*)(void*)> owned(nodes, ::ares_free_data);
  for (const ares_addr_port_node* each = nodes; each != nullptr; each = each->next) {
    char text[INET6_ADDRSTRLEN];
    if (::ares_inet_ntop(each->family, &each->addr, text, sizeof text) == nullptr) continue;
    const auto port = static_cast<std::uint16_t>(each->udp_port != 0 ? each->udp_port : default_port);
    if (const auto address = socket_address::parse(text, port)) servers_.push_back(*address);
  }

  ares_options settings{};
  int given = 0;
  require(::ares_save_options(ares_, &settings, &given), "tell the configuration of DNS");
  const std::unique_ptr<ares_options, void (*)(ares_options*)> freed(&settings, ::ares_destroy_options);
  for (int n = 0; n < settings.ndomains; ++n) search_.emplace_back(settings.domains[n]);
  ndots_ = settings.ndots;
}

void channel::ask(const std::string& name, dns_type type, channel_listener& listener) noexcept {
  if (ares_ == nullptr) return listener.answered(dns_errc::closed, {});
  datagrams_left_ = most_datagrams;
  ::ares_query(ares_, name.c_str(), internet, static_cast<int>(type), callbacks::answered, &listener);
  set_timer();
}

void channel::close() noexcept {
  timer_.cancel();
  if (const ares_channel closing = std::exchange(ares_, nullptr)) ::ares_destroy(closing);
}

// ---- sockets

auto channel::find(int number) noexcept -> std::vector<socket_ref>::iterator {
  return std::ranges::find_if(sockets_, [number](const socket_ref& each) { return each->handle.number() == number; });
}

int channel::open_socket(int family, int type, int protocol) noexcept {
  const int number = ::socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
  if (number < 0) return -1;
  try {
    auto made = std::make_shared<watched_socket>(io_handle(number), type);  // owns the number from here on
    sockets_.push_back(made);
    static_cast<void>(create_task(read({shared_from_this(), made, POLLIN}), {.name = "dns"}));
    made->reading = true;
    return number;
  } catch (...) {
    if (const auto found = find(number); found != sockets_.end()) sockets_.erase(found);
    errno = ENOMEM;
    return -1;
  }
}

void channel::close_socket(int number) noexcept {
  const auto found = find(number);
  if (found == sockets_.end()) return;
  (*found)->handle.close();
  sockets_.erase(found);
}

void channel::wants_to_write(int number, bool wants) noexcept {
  const auto found = find(number);
  if (found == sockets_.end()) return;
  watched_socket& socket = **found;
  socket.wants_to_write = wants;
  if (!wants || socket.writing) return;
  try {
    static_cast<void>(create_task(write({shared_from_this(), *found, POLLOUT}), {.name = "dns"}));
    socket.writing = true;
  } catch (...) {  // no memory: what cannot be sent is not answered in time
  }
}

coro<void> channel::read(watch on) {
  while (on.is_needed()) {
    const int number = on.socket->handle.number();
    if (!co_await as_expected(poll_operation(on.socket->handle.record(), POLLIN))) break;
    if (on.is_needed()) on.self->process(number, ARES_SOCKET_BAD);
  }
}

coro<void> channel::write(watch on) {
  while (on.is_needed()) {
    const int number = on.socket->handle.number();
    if (!co_await as_expected(poll_operation(on.socket->handle.record(), POLLOUT))) break;
    if (on.is_needed()) on.self->process(ARES_SOCKET_BAD, number);
  }
}

// c-ares 1.18 takes a datagram that is no response for one: its own question, say, which comes back where the system gave its
// socket the very port that it asks (on loopback, when no server is there).
bool channel::may_be_answer(int number, std::span<const unsigned char> bytes) noexcept {
  const auto found = find(number);
  if (found == sockets_.end() || !(*found)->is_datagram) return true;
  return bytes.size() >= header_bytes && (bytes[2] & is_response) != 0;
}

void channel::give_up() noexcept {
  if (ares_ != nullptr) ::ares_cancel(ares_);
}

// When every server has failed or refused, c-ares 1.18 reports that there is none: so the answers are looked at as they come.
// Of TCP each comes in one piece behind its length, or else is not told.
void channel::heard(std::span<const unsigned char> bytes) noexcept {
  try {
    if (const auto refusal = read_refusal(bytes)) refused_(*refusal);
  } catch (const std::bad_alloc&) {  // then it stays untold
  }
}

void channel::process(int readable, int writable) noexcept {
  if (ares_ == nullptr) return;
  const auto alive = shared_from_this();
  datagrams_left_ = most_datagrams;
  ::ares_process_fd(ares_, readable, writable);
  set_timer();
}

// ---- time

// One timer, for whatever is due first. One that comes too early does no harm and is cheaper than one more for each question.
void channel::set_timer() noexcept {
  timeval rest{};
  if (ares_ == nullptr || ::ares_timeout(ares_, nullptr, &rest) == nullptr) return;
  const auto length = std::chrono::seconds(rest.tv_sec) + std::chrono::microseconds(rest.tv_usec);
  loop& running = loop::running();
  const time_point due = running.time_after(length + std::chrono::milliseconds(1));
  if (timer_set_ && timer_due_ <= due) return;
  try {
    timer_.cancel();
    timer_ = running.call_at(due, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->expire();
    });
    timer_set_ = true;
    timer_due_ = due;
  } catch (...) {  // no memory: the next answer or question sets it
    timer_set_ = false;
  }
}

void channel::expire() noexcept {
  timer_set_ = false;
  process(ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

}  // namespace hocket::detail
