// nghttp2 is pushed and calls back. Its callbacks find their session by the user data, and their stream by that of the stream, which is
// taken back before the stream goes. One that throws parks the exception, for C must not be unwound through.
//
// Bodies are not copied into nghttp2: it says how much of one may go in a frame (NGHTTP2_DATA_FLAG_NO_COPY), and the frame is put together
// in the output. On its stream what has come is let in again when it was taken and not before (nghttp2_session_consume_stream): so windows follow
// the readers. For the connection it is when it has come: so no reader holds up others, and all streams together hold what their windows allow.
//
// What a peer may do now and then, and what without end would be an attack, is an oddity: resets (CVE-2023-44487), pings, settings, empty
// frames (CVE-2019-9512, 9515, 9518), frames that are no good (9514), changed priorities, farewells, windows that open for nothing, frames of types that nobody
// knows. More than `flood_guard` admits end the connection. nghttp2 itself has limits for CONTINUATION frames, settings in a frame, and answers that nobody takes.

#include <algorithm>
#include <limits>
#include <new>
#include <vector>

#include <fmt/format.h>
#include <nghttp2/nghttp2.h>

#include <hocket/base/append.hpp>
#include <hocket/base/error.hpp>
#include <hocket/http/detail/h2_session.hpp>
#include <hocket/http/detail/h2_stream.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket::http::detail {

static constexpr std::size_t most_output = 64 * 1024;
// nghttp2 1.52 to 1.68 counts one each time when bytes of its frame's head have come, and those are nine: eight are allowed.
static constexpr std::size_t most_continuations = 8 * 9;
// Two are usual, of the stream and of the connection; some open them for every kilobyte that they have read.
static constexpr std::size_t windows_for_a_frame = 32;
static constexpr std::size_t most_windows_expected = 10'000;
static constexpr std::size_t field_overhead = 32;  // as RFC 9113, 6.5.2, counts the size of a head

static std::string_view text_of(const std::uint8_t* bytes, std::size_t size) noexcept {
  return {reinterpret_cast<const char*>(bytes), size};
}

static void require(int answer) {
  if (answer == NGHTTP2_ERR_NOMEM) throw std::bad_alloc();
}

// ---- what nghttp2 tells

struct h2_callbacks {
  static h2_session& session_of(void* user) noexcept { return *static_cast<h2_session*>(user); }

  static h2_stream* stream_of(nghttp2_session* session, std::int32_t id) noexcept {
    return static_cast<h2_stream*>(nghttp2_session_get_stream_user_data(session, id));
  }

  template <class Action>
  static int guard(void* user, Action action) noexcept {
    h2_session& self = session_of(user);
    try {
      action(self);
      return 0;
    } catch (...) {
      self.parked_ = std::current_exception();
      return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
  }

  static int on_begin_frame(nghttp2_session*, const nghttp2_frame_hd* frame, void* user) {
    if (frame->type != NGHTTP2_CONTINUATION) session_of(user).is_amid_head_ = frame->type == NGHTTP2_HEADERS;
    return 0;
  }

  // The stream is reset, and the rest of the head passed over.
  static int refuse_head(nghttp2_session* session, const nghttp2_frame* frame) noexcept {
    nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_PROTOCOL_ERROR);
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }

  static int on_begin_headers(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    const h2_stream* const open = stream_of(session, frame->hd.stream_id);
    if (open != nullptr && open->is_tunnel_) return refuse_head(session, frame);
    return guard(user, [&](h2_session& self) {
      self.head_size_ = 0;
      if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST) return;
      const std::int32_t id = frame->hd.stream_id;
      if (h2_stream* made = self.request_begins(id))
        require(nghttp2_session_set_stream_user_data(session, id, made));
      else
        require(nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, id, NGHTTP2_REFUSED_STREAM));
    });
  }

  static int on_header(nghttp2_session* session, const nghttp2_frame* frame, const std::uint8_t* name,
                       std::size_t name_size, const std::uint8_t* value, std::size_t value_size, std::uint8_t,
                       void* user) {
    h2_session& self = session_of(user);
    self.head_size_ += name_size + value_size + field_overhead;
    if (self.head_size_ > self.largest_head_) return self.has_enough();
    h2_stream* const stream = stream_of(session, frame->hd.stream_id);
    if (stream == nullptr) return 0;
    return guard(user, [&](h2_session&) {
      if (stream->has_head_)
        stream->take_trailer(text_of(name, name_size), text_of(value, value_size));
      else
        stream->take_field(text_of(name, name_size), text_of(value, value_size));
    });
  }

  // Unless it is told otherwise it would pass over it. RFC 9113, 8.2.1
  static int on_invalid_header(nghttp2_session* session, const nghttp2_frame* frame, const std::uint8_t*, std::size_t,
                               const std::uint8_t*, std::size_t, std::uint8_t, void*) {
    return refuse_head(session, frame);
  }

  // What costs us something and brings nobody further.
  static bool is_oddity(h2_session& self, const nghttp2_frame& frame) noexcept {
    const bool answers = (frame.hd.flags & NGHTTP2_FLAG_ACK) != 0;
    switch (frame.hd.type) {
      case NGHTTP2_DATA:
        return (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) == 0 && frame.hd.length == frame.data.padlen;
      case NGHTTP2_PING:
        if (!answers || self.pings_asked_ == 0) return true;
        --self.pings_asked_;
        return false;
      case NGHTTP2_SETTINGS:
        return !answers;
      case NGHTTP2_WINDOW_UPDATE:
        if (self.windows_expected_ == 0) return true;
        --self.windows_expected_;
        return false;
      case NGHTTP2_HEADERS:
        return false;
      default:
        return true;
    }
  }

  // RFC 9113, 5.5: they are passed over. But one hears of them only if they can be unpacked.
  static int pass_over_unknown(nghttp2_session*, void** payload, const nghttp2_frame_hd*, void*) {
    *payload = nullptr;
    return 0;
  }

  static int on_frame_recv(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    h2_session& self = session_of(user);
    self.is_amid_head_ = false;
    if (is_oddity(self, *frame) && !self.admits_oddity()) return self.has_enough();
    return guard(user, [&](h2_session&) {
      const bool ends = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
      const bool answers = (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0;
      h2_stream* const stream = stream_of(session, frame->hd.stream_id);
      switch (frame->hd.type) {
        case NGHTTP2_HEADERS:
          if (stream == nullptr) break;
          if (ends) stream->end_body();
          if (!stream->has_head_) stream->has_head_ = stream->head_ends();
          break;
        case NGHTTP2_RST_STREAM:
          if (stream != nullptr) stream->is_reset_by_peer_ = true;
          break;
        case NGHTTP2_SETTINGS:
          answers ? self.settings_acknowledged() : self.settings_come();
          break;
        case NGHTTP2_GOAWAY:
          self.peer_leaves(frame->goaway.last_stream_id, frame->goaway.error_code);
          break;
        case NGHTTP2_DATA:
          if (stream != nullptr && ends) stream->end_body();
          break;
        case NGHTTP2_PING:
          if (answers) self.ping_answered();
          break;
        default:
          break;
      }
    });
  }

  static int on_invalid_frame_recv(nghttp2_session*, const nghttp2_frame*, int, void* user) {
    h2_session& self = session_of(user);
    self.is_amid_head_ = false;
    return self.admits_oddity() ? 0 : self.has_enough();
  }

  static int on_data(nghttp2_session* session, std::uint8_t, std::int32_t id, const std::uint8_t* bytes,
                     std::size_t size, void* user) {
    return guard(user, [&](h2_session&) {
      require(nghttp2_session_consume_connection(session, size));
      if (h2_stream* const stream = stream_of(session, id)) stream->take_data(text_of(bytes, size));
    });
  }

  static int on_stream_close(nghttp2_session* session, std::int32_t id, std::uint32_t why, void* user) {
    h2_stream* const stream = stream_of(session, id);
    if (stream == nullptr) return 0;
    stream->close(why);
    session_of(user).stream_ends(*stream);
    return 0;
  }

  // How much of a body goes in the next frame.
  static ssize_t read_body(nghttp2_session* session, std::int32_t id, std::uint8_t*, std::size_t most,
                           std::uint32_t* flags, nghttp2_data_source*, void* user) {
    const h2_stream* const stream = stream_of(session, id);
    if (stream == nullptr || !stream->has_to_send()) return NGHTTP2_ERR_DEFERRED;
    const std::size_t size = std::min(most, stream->pending_.size());
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (size < stream->pending_.size() || !stream->is_last_) return static_cast<ssize_t>(size);
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (stream->trailers_out_.empty()) return static_cast<ssize_t>(size);
    *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    const int problem =
        guard(user, [&](h2_session& self) { self.submit_trailers(stream->id_, stream->trailers_out_); });
    return problem != 0 ? problem : static_cast<ssize_t>(size);
  }

  static int on_frame_send(nghttp2_session* session, const nghttp2_frame* frame, void*) {
    if (frame->hd.type != NGHTTP2_HEADERS) return 0;
    if (h2_stream* const stream = stream_of(session, frame->hd.stream_id))
      stream->head_was_sent((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0);
    return 0;
  }

  static int send_body(nghttp2_session* session, nghttp2_frame* frame, const std::uint8_t* frame_head, std::size_t size,
                       nghttp2_data_source*, void* user) {
    constexpr std::size_t frame_head_size = 9;
    if (session_of(user).output_.size() >= most_output) return NGHTTP2_ERR_WOULDBLOCK;
    h2_stream* const stream = stream_of(session, frame->hd.stream_id);
    // A frame has as much as its head says; the rest of one that was given up since is nowhere.
    if (stream == nullptr || !stream->has_to_send() || stream->pending_.size() < size)
      return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    return guard(user, [&](h2_session& self) {
      self.output_.reserve(self.output_.size() + frame_head_size + size);  // before anything of it is taken
      append(self.output_, text_of(frame_head, frame_head_size), stream->take_pending(size));
      self.windows_expected_ = std::min(self.windows_expected_ + windows_for_a_frame, most_windows_expected);
    });
  }

  static const nghttp2_session_callbacks* all() {
    static const nghttp2_session_callbacks* const made = [] {
      nghttp2_session_callbacks* callbacks = nullptr;
      require(nghttp2_session_callbacks_new(&callbacks));
      nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, on_begin_frame);
      nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
      nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
      nghttp2_session_callbacks_set_on_invalid_header_callback(callbacks, on_invalid_header);
      nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame_recv);
      nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, on_invalid_frame_recv);
      nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
      nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
      nghttp2_session_callbacks_set_send_data_callback(callbacks, send_body);
      nghttp2_session_callbacks_set_unpack_extension_callback(callbacks, pass_over_unknown);
      nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_send);
      return callbacks;
    }();
    return made;
  }
};

// ---- the session

void h2_session::deleter::operator()(nghttp2_session* unused) const noexcept { nghttp2_session_del(unused); }

h2_session::h2_session(side which, const h2_limits& limits) : largest_head_(std::size_t{4} * limits.head_bytes) {
  nghttp2_option* raw = nullptr;
  require(nghttp2_option_new(&raw));
  const std::unique_ptr<nghttp2_option, decltype(&nghttp2_option_del)> options(raw, nghttp2_option_del);
  nghttp2_option_set_no_auto_window_update(raw, 1);
  nghttp2_option_set_no_closed_streams(raw, 1);
  nghttp2_option_set_max_continuations(raw, most_continuations);
  nghttp2_option_set_max_send_header_block_length(raw, most_sent_head);
  nghttp2_option_set_builtin_recv_extension_type(raw, NGHTTP2_PRIORITY_UPDATE);
  for (int type = NGHTTP2_CONTINUATION + 1; type <= std::numeric_limits<std::uint8_t>::max(); ++type)
    if (type != NGHTTP2_PRIORITY_UPDATE)
      nghttp2_option_set_user_recv_extension_type(raw, static_cast<std::uint8_t>(type));
  nghttp2_session* made = nullptr;
  require(which == side::server ? nghttp2_session_server_new2(&made, h2_callbacks::all(), this, raw)
                                : nghttp2_session_client_new2(&made, h2_callbacks::all(), this, raw));
  session_.reset(made);
  std::vector<nghttp2_settings_entry> settings{
      which == side::server ? nghttp2_settings_entry{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.streams}
                            : nghttp2_settings_entry{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits.window_bytes},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, limits.head_bytes},
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
  };
  if (limits.takes_protocols) settings.push_back({NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1});
  require(nghttp2_submit_settings(made, NGHTTP2_FLAG_NONE, settings.data(), settings.size()));
  const auto window = static_cast<std::int32_t>(limits.connection_window_bytes);
  require(nghttp2_session_set_local_window_size(made, NGHTTP2_FLAG_NONE, 0, window));
}

h2_session::~h2_session() = default;

namespace {

struct at_work {
  bool& is_inside;
  ~at_work() { is_inside = false; }
};

}  // namespace

void h2_session::receive(std::string_view bytes) {
  if (is_deaf_) return;
  const at_work now{is_inside_ = true};
  const auto* const data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  const ssize_t read = nghttp2_session_mem_recv(session_.get(), data, bytes.size());
  rethrow_parked();
  if (read >= 0) return;
  is_deaf_ = true;  // what comes behind it has no meaning
  require(static_cast<int>(read));
  is_too_much_ = is_too_much_ || read == NGHTTP2_ERR_FLOODED || read == NGHTTP2_ERR_TOO_MANY_CONTINUATIONS;
  terminate(is_too_much_ ? h2_error::enhance_your_calm : h2_error::protocol_error);
}

void h2_session::collect() {
  if (is_inside_) return has_output_.set();
  const at_work now{is_inside_ = true};
  while (output_.size() < most_output) {
    if (collected_.empty()) collected_ = next_output();
    if (collected_.empty()) break;
    output_.append(collected_);  // without memory for it, it stays where it is until the next call
    collected_ = {};
  }
  if (!output_.empty()) has_output_.set();
}

std::string_view h2_session::next_output() {
  const std::uint8_t* bytes = nullptr;
  const ssize_t size = nghttp2_session_mem_send(session_.get(), &bytes);
  rethrow_parked();
  if (size >= 0) return text_of(bytes, static_cast<std::size_t>(size));
  require(static_cast<int>(size));
  throw protocol_error(nghttp2_strerror(static_cast<int>(size)));
}

void h2_session::rethrow_parked() {
  if (parked_ != nullptr) std::rethrow_exception(std::exchange(parked_, nullptr));
}

bool h2_session::wants_to_read() const noexcept { return !is_deaf_ && nghttp2_session_want_read(session_.get()) != 0; }
bool h2_session::wants_to_write() const noexcept { return nghttp2_session_want_write(session_.get()) != 0; }

bool h2_session::peer_takes_protocols() const noexcept {
  return nghttp2_session_get_remote_settings(session_.get(), NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL) == 1;
}

std::uint32_t h2_session::peer_max_streams() const noexcept {
  return nghttp2_session_get_remote_settings(session_.get(), NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

std::string_view name_of_h2_error(std::uint32_t code) noexcept { return nghttp2_http2_strerror(code); }

bool h2_session::admits_oddity() noexcept { return oddities_.admit(loop::running().time()); }

int h2_session::has_enough() noexcept {
  is_too_much_ = true;
  return NGHTTP2_ERR_CALLBACK_FAILURE;  // nothing more is read
}

// ---- what is to be sent

static nghttp2_nv nv_of(std::string_view name, std::string_view value) noexcept {
  const auto bytes = [](std::string_view text) {
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));  // nghttp2 only reads them
  };
  return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

std::size_t h2_session::size_of_head(std::span<const headers::field> fields) noexcept {
  std::size_t size = 0;
  for (const auto& [name, value] : fields) size += name.size() + value.size() + field_overhead;
  return size;
}

void h2_session::require_sendable(std::string_view what, std::span<const headers::field> fields) {
  if (size_of_head(fields) > most_sent_head) throw error(fmt::format("{} larger than 1 MiB", what));
}

bool h2_session::submit_request(h2_stream& on, std::span<const headers::field> fields, bool has_body) {
  std::vector<nghttp2_nv> head;
  head.reserve(fields.size());
  for (const auto& [name, value] : fields) head.push_back(nv_of(name, value));
  nghttp2_data_provider body{};
  body.read_callback = h2_callbacks::read_body;
  const std::int32_t id =
      nghttp2_submit_request(session_.get(), nullptr, head.data(), head.size(), has_body ? &body : nullptr, &on);
  if (id == NGHTTP2_ERR_STREAM_ID_NOT_AVAILABLE) return false;
  require(id);
  if (id < 0) throw protocol_error(nghttp2_strerror(id));
  on.id_ = id;
  return true;
}

static std::vector<nghttp2_nv> reply_head(std::string_view status, std::span<const headers::field> fields) {
  std::vector<nghttp2_nv> head;
  head.reserve(fields.size() + 1);
  head.push_back(nv_of(":status", status));
  for (const auto& [name, value] : fields) head.push_back(nv_of(name, value));
  return head;
}

void h2_session::submit_reply(h2_stream& on, int status, std::span<const headers::field> fields, bool has_body) {
  require_sendable("the head of the reply is", fields);
  const fmt::format_int digits(status);
  const auto head = reply_head({digits.data(), digits.size()}, fields);
  nghttp2_data_provider body{};
  body.read_callback = h2_callbacks::read_body;
  require(nghttp2_submit_response(session_.get(), on.id(), head.data(), head.size(), has_body ? &body : nullptr));
}

void h2_session::submit_interim_reply(h2_stream& on, int status, std::span<const headers::field> fields) {
  require_sendable("the head of the interim reply is", fields);
  const fmt::format_int digits(status);
  const auto head = reply_head({digits.data(), digits.size()}, fields);
  require(
      nghttp2_submit_headers(session_.get(), NGHTTP2_FLAG_NONE, on.id(), nullptr, head.data(), head.size(), nullptr));
  ++on.interim_;
}

void h2_session::submit_trailers(std::int32_t stream, const headers& fields) {
  std::vector<nghttp2_nv> all;
  all.reserve(fields.size());
  for (const auto& [name, value] : fields) all.push_back(nv_of(name, value));
  require(nghttp2_submit_trailer(session_.get(), stream, all.data(), all.size()));
}

void h2_session::resume(h2_stream& body) { require(nghttp2_session_resume_data(session_.get(), body.id())); }

void h2_session::reset(h2_stream& which, h2_error why) {
  require(nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, which.id(), static_cast<std::uint32_t>(why)));
}

void h2_session::give_credit(std::int32_t stream, std::size_t bytes) {
  require(nghttp2_session_consume_stream(session_.get(), stream, bytes));
}

void h2_session::announce_end() { require(nghttp2_submit_shutdown_notice(session_.get())); }

void h2_session::end() {
  const std::int32_t last = nghttp2_session_get_last_proc_stream_id(session_.get());
  require(nghttp2_submit_goaway(session_.get(), NGHTTP2_FLAG_NONE, last, NGHTTP2_NO_ERROR, nullptr, 0));
}

void h2_session::ping() {
  require(nghttp2_submit_ping(session_.get(), NGHTTP2_FLAG_NONE, nullptr));
  ++pings_asked_;
}

void h2_session::terminate(h2_error why) noexcept {
  nghttp2_session_terminate_session(session_.get(), static_cast<std::uint32_t>(why));
}

// For a stream that nghttp2 does not know any more, it does nothing.
h2_stream::~h2_stream() { nghttp2_session_set_stream_user_data(session_.session_.get(), id_, nullptr); }

}  // namespace hocket::http::detail
