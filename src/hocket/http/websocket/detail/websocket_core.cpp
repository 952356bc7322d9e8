// Whoever receives reads; while nobody does, `attend` reads on as far as the next data, so that the other side is held back but for one buffer. What
// a reader finds besides messages it settles without waiting: a pong goes to whoever waits for it, an answer to a ping or a close frame is left to a
// task that exists only while there is such a thing to send, so that neither a peer which takes nothing nor a cancelled `receive` can do harm.
//
// A large message goes out in fragments, between which control frames and other tasks have their turns; a close frame waits for its end.
//
//   what may be received    has_ended_, and end_ says how: by a close frame, by our refusal of a frame, by the loss of the connection
//   what may be sent        is_open(): until that, or a close frame waits to be sent, or the connection takes nothing more
//   whose turn it is        receiving_, messages_ (pieces of two messages do not mix), frames_ (nor do bytes of two frames)

#include <algorithm>
#include <array>
#include <charconv>
#include <exception>
#include <expected>
#include <new>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <hocket/core/as_result.hpp>
#include <hocket/core/cancelled.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task_base.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/http/websocket/detail/websocket_core.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket::http::detail {
namespace {

constexpr std::size_t largest_fragment = 64 * 1024;
constexpr std::size_t most_copied = 4 * 1024;            // of a payload: above, a second piece costs less than the copy
constexpr std::size_t most_kept = 4 * 1024;              // of memory, from one frame to the next
constexpr std::size_t most_inflated_at_once = 1 << 20U;  // without a turn for other tasks
constexpr duration patience = std::chrono::seconds(1);   // with whoever does not receive
constexpr duration shortest_wait =
    std::chrono::milliseconds(10);  // of a send which shows that the other side takes something
constexpr std::size_t longest_reason = longest_control - 2;

bool is_in_order(std::uint16_t code) noexcept {
  return code == close_code::normal || code == close_code::going_away || code == close_code::none;
}

// A cancellation that is due comes before anything was begun.
void throw_if_cancelled() {
  task_base& task = task_base::require_current();
  if (task.must_throw()) task.throw_cancelled();
}

}  // namespace

/// Aborts a connection on which a frame was begun and not ended.
class websocket_core::unfinished_frame {
 public:
  explicit unfinished_frame(websocket_core& on) noexcept : on_(&on) {}
  unfinished_frame(const unfinished_frame&) = delete;
  ~unfinished_frame() {
    if (on_ != nullptr) on_->abandon("a send was cancelled amid a frame");
  }
  void is_finished() noexcept { on_ = nullptr; }

 private:
  websocket_core* on_;
};

websocket_core::websocket_core(byte_stream connection, buffer early, websocket_agreement agreed,
                               websocket_options options)
    : stream_(std::move(connection)),
      agreed_(std::move(agreed)),
      options_(options),
      parser_({.is_masked = agreed_.role == websocket_role::server, .may_be_compressed = agreed_.deflate.has_value()}),
      received_(std::move(early)),
      rest_(received_.bytes()),
      last_received_(loop::running().time()),
      starved_(close_code::abnormal, "", "the connection was lost, and there is no memory to say why") {
  control_sent_.set();
  message_sent_.set();
  if (!agreed_.deflate) return;
  const bool is_server = agreed_.role == websocket_role::server;
  const int level = options_.deflate.value_or(websocket_deflate()).level;
  deflater_.emplace(is_server ? agreed_.deflate->server : agreed_.deflate->client, level);
  inflater_.emplace(is_server ? agreed_.deflate->client : agreed_.deflate->server);
}

void websocket_core::begin() {
  try {
    attending_ = create_task(attend(shared_from_this()), {.name = "websocket reading"});
    if (options_.heartbeat) heartbeat_ = create_task(beat(shared_from_this()), {.name = "websocket heartbeat"});
  } catch (...) {
    let_go();  // one of them would keep it
    throw;
  }
}

void websocket_core::let_go() noexcept {
  end_tasks();
  heartbeat_.reset();
  attending_.reset();
  abort();
}

void websocket_core::abort() noexcept { abandon("it was aborted"); }

// ---- receiving

coro<std::optional<websocket_message>> websocket_core::receive(keeper mine) {
  websocket_message message;
  if (!co_await receive(std::move(mine), message)) co_return std::nullopt;
  co_return message;
}

// Cancelled, it leaves in `message_` what has come, for the next call.
coro<bool> websocket_core::receive(keeper, websocket_message& into) {
  asked_.set();
  const auto turn = co_await receiving_.scoped_lock();
  take_back_lent();
  into.data.clear();
  if (message_.empty()) message_.swap(into.data);
  websocket_piece piece;
  for (;;) {
    if (inflated_ >= most_inflated_at_once) co_await give_others_a_turn();
    if (announces_too_much()) fail(close_code::message_too_big, "a message larger than allowed");
    switch (advance(piece)) {
      case step::head:
        break;
      case step::needs_bytes:
        co_await fill();
        break;
      case step::ended:
        co_await leave();
        co_return false;
      case step::piece:
        keep(piece.data);
        if (!piece.is_last || has_ended_) break;
        is_amid_pieces_ = false;
        message_.swap(into.data);
        into.is_text = piece.is_text;
        co_return true;
    }
  }
}

coro<std::optional<websocket_piece>> websocket_core::receive_piece(keeper) {
  asked_.set();
  const auto turn = co_await receiving_.scoped_lock();
  take_back_lent();
  websocket_piece piece;
  for (;;) {
    if (inflated_ >= most_inflated_at_once) co_await give_others_a_turn();
    switch (advance(piece)) {
      case step::head:
        break;
      case step::needs_bytes:
        co_await fill();
        break;
      case step::ended:
        co_await leave();
        co_return std::nullopt;
      case step::piece:
        if (piece.data.empty() && !piece.is_last) break;
        is_lent_ = true;
        is_amid_pieces_ = !piece.is_last;
        co_return piece;
    }
  }
}

bool websocket_core::announces_too_much() const noexcept {
  return !has_ended_ && parser_.is_amid_frame() && !parser_.is_message_compressed() &&
         parser_.left_of_frame() > options_.max_message_bytes - message_.size();
}

void websocket_core::keep(std::string_view data) {
  if (data.size() > options_.max_message_bytes - message_.size())
    return fail(close_code::message_too_big, "a message larger than allowed");
  try {
    message_ += data;
  } catch (const std::bad_alloc&) {
    fail(close_code::internal_error, "a message for which there is no memory");
  }
}

coro<void> websocket_core::give_others_a_turn() {
  inflated_ = 0;
  co_await sleep(duration::zero());
}

// As far as one comes without waiting.
websocket_core::step websocket_core::advance(websocket_piece& piece) {
  try {
    while (!has_ended_) {
      if (is_inflating_ && take_inflated(piece)) return step::piece;
      switch (parser_.next(rest_, piece.data)) {
        case frame_parser::event::need_more:
          return step::needs_bytes;
        case frame_parser::event::head:
          return step::head;
        case frame_parser::event::control:
          take_control();
          break;
        case frame_parser::event::data:
          if (parser_.is_message_compressed()) {
            inflater_->add(piece.data, parser_.ends_message());
            is_inflating_ = true;
            inflates_last_piece_ = parser_.ends_message();
            break;
          }
          take_data(piece, piece.data, parser_.ends_message());
          return step::piece;
      }
    }
  } catch (const bad_frame& found) {
    fail(found.code(), found.what());
  } catch (const std::bad_alloc&) {  // a piece is lost
    fail(close_code::internal_error, "a message for which there is no memory");
  }
  return step::ended;
}

// A bit at a time: what is small may become large. That a piece was the last shows when there is no more.
bool websocket_core::take_inflated(websocket_piece& piece) {
  const std::string_view data = inflater_->next();
  if (!data.empty()) {
    inflated_ += data.size();
    take_data(piece, data, false);
    return true;
  }
  is_inflating_ = false;
  if (!inflates_last_piece_) return false;
  take_data(piece, "", true);
  return true;
}

void websocket_core::take_data(websocket_piece& piece, std::string_view data, bool is_last) {
  piece = {.data = data, .is_text = parser_.message_kind() == opcode::text, .is_last = is_last};
  if (!piece.is_text) return;
  const bool is_good = text_in_.add(data) && (!is_last || text_in_.is_whole());
  if (!is_good) throw bad_frame(close_code::invalid_data, "text that is no UTF-8");
}

void websocket_core::take_control() {
  const std::string_view payload = parser_.control_payload();
  switch (parser_.control_kind()) {
    case opcode::ping:
      if (has_sent_close_ || close_to_send_) return;
      pong_ = payload;
      return need_control_sent();
    case opcode::pong:
      return take_pong(payload);
    default:
      return take_close(payload);
  }
}

// Who waits for an earlier one has been answered as well (RFC 6455, 5.5.3).
void websocket_core::take_pong(std::string_view payload) noexcept {
  std::uint64_t number = 0;
  const char* const end = payload.data() + payload.size();
  const auto [stopped, problem] = std::from_chars(payload.data(), end, number);
  if (problem != std::errc{} || stopped != end || number > pings_) return;
  for (awaited_pong* each : awaited_) {
    if (each->number > number) continue;
    each->is_answered = true;
    each->over.set();
  }
}

void websocket_core::take_close(std::string_view payload) {
  std::uint16_t code = close_code::none;
  if (payload.size() == 1) throw bad_frame(close_code::protocol_error, "a close frame with half a code");
  if (payload.size() >= 2) {
    code = static_cast<std::uint16_t>(static_cast<unsigned char>(payload[0]) << 8U |
                                      static_cast<unsigned char>(payload[1]));
    payload.remove_prefix(2);
    if (!may_send_close_code(code)) throw bad_frame(close_code::protocol_error, "a close frame with an unknown code");
    if (!is_utf8(payload)) throw bad_frame(close_code::invalid_data, "a reason that is no UTF-8");
  }
  say_close(code, "");
  ends(websocket_closed(code, std::string(payload), fmt::format("the other side has closed the websocket: {}", code)));
}

// Whoever was given a piece asks for the next.
void websocket_core::take_back_lent() noexcept {
  lent_ = {};
  is_lent_ = false;
}

void websocket_core::drop_received() noexcept {
  if (std::exchange(is_lent_, false)) lent_ = std::move(received_);
  received_ = {};
  rest_ = {};
}

coro<void> websocket_core::fill() {
  drop_received();
  std::string problem;
  try {
    received_ = co_await stream_.receive();
  } catch (const std::system_error& failed) {
    problem = fmt::format("the connection was lost: {}", failed.code().message());
  }
  rest_ = received_.bytes();
  if (rest_.empty()) co_return lose(problem.empty() ? "the connection ended without a close frame" : problem);
  last_received_ = loop::running().turn_time();
  ++arrivals_;
}

// The last word is on its way before anybody hears of the end, who would abort the connection.
coro<void> websocket_core::leave() {
  drop_received();
  if (!control_sent_.is_set()) {
    const auto sent = co_await as_result(with_timeout(options_.close_timeout, control_sent_.wait()));
    if (!sent && is_cancelled(sent.error())) throw cancelled{};
  }
  if (has_failed_ || !is_in_order(end_->code())) throw websocket_closed(*end_);
  if (is_amid_pieces_)
    throw websocket_closed(end_->code(), end_->reason(), "the other side has closed the websocket amid a message");
}

// ---- while nobody receives

bool websocket_core::has_data_at_hand() const noexcept {
  if (is_inflating_) return true;
  return parser_.is_amid_frame() && (!rest_.empty() || parser_.left_of_frame() == 0);
}

// As far as one comes without waiting: as far as the next data, or dropping it. Nothing is inflated.
websocket_core::step websocket_core::pass_control_frames(bool drops_data) {
  try {
    std::string_view dropped;
    while (!has_ended_) {
      if (!drops_data && has_data_at_hand()) return step::piece;
      const auto found = parser_.next(rest_, dropped);
      if (found == frame_parser::event::need_more) return step::needs_bytes;
      if (found == frame_parser::event::control) take_control();
    }
  } catch (const bad_frame& found) {
    fail(found.code(), found.what());
  } catch (const std::bad_alloc&) {
    fail(close_code::internal_error, "a control frame for which there is no memory");
  }
  return step::ended;
}

coro<void> websocket_core::attend(std::shared_ptr<websocket_core> mine) {
  const auto core = std::move(mine);
  try {
    while (!core->has_ended_) {
      core->asked_.clear();
      co_await sleep(patience);
      const bool is_left_alone = !core->receiving_.locked() && !core->asked_.is_set();
      {
        const auto turn = co_await core->receiving_.scoped_lock();
        if (!is_left_alone) continue;
        while (core->pass_control_frames(false) == step::needs_bytes) co_await core->fill();
      }
      if (!core->has_ended_) co_await core->asked_.wait();
    }
  } catch (const std::bad_alloc&) {
    core->abandon("there is no memory to read on");
  }
}

// ---- sending

void websocket_core::require_open() const {
  if (is_open()) return;
  if (end_) throw websocket_closed(*end_);
  if (cannot_send_) throw websocket_closed(close_code::abnormal, "", "the connection was lost");
  throw websocket_closed(close_code::normal, "", "the websocket is being closed");
}

// What was begun may be ended though the websocket is closing.
bool websocket_core::may_send_on() const noexcept {
  return !message_sent_.is_set() && !has_failed_ && !cannot_send_ && !has_sent_close_;
}

coro<void> websocket_core::send(keeper, bool is_text, std::string_view data) {
  if (is_text && !is_utf8(data)) throw error("the text of a message is no UTF-8");
  const opcode kind = is_text ? opcode::text : opcode::binary;
  const auto turn = co_await messages_.scoped_lock();
  if (data.size() <= largest_fragment)
    co_await send_fragment(kind, data, true);
  else
    co_await send_large(kind, data);
}

coro<void> websocket_core::send_large(opcode kind, std::string_view data) {
  struct sending {
    event& sent;
    explicit sending(event& one) noexcept : sent(one) { sent.clear(); }
    ~sending() { sent.set(); }
  };
  require_open();
  const sending whole(message_sent_);
  try {
    co_await send_fragments(kind, data, true);
  } catch (const cancelled&) {
    if (is_amid_message_) abandon("a send was cancelled amid a message");
    throw;
  }
}

// Between two of them control frames go out, and other tasks have their turns.
coro<void> websocket_core::send_fragments(opcode kind, std::string_view data, bool is_last) {
  for (; data.size() > largest_fragment; data.remove_prefix(largest_fragment)) {
    co_await send_fragment(kind, data.substr(0, largest_fragment), false);
    kind = opcode::continuation;
    co_await sleep(duration::zero());
  }
  co_await send_fragment(kind, data, is_last);
}

coro<void> websocket_core::send_piece(bool is_text, std::string_view piece) {
  const opcode kind = is_amid_message_ ? opcode::continuation : is_text ? opcode::text : opcode::binary;
  co_await send_fragments(kind, piece, false);
}

coro<void> websocket_core::send_pieces(keeper, bool is_text, websocket::producer produce) {
  const auto turn = co_await messages_.scoped_lock();
  require_open();
  text_out_ = {};
  websocket_writer writer(*this, is_text);
  auto outcome = co_await as_result(produce(writer));
  const bool is_whole = !writer.has_failed_ && (!is_text || text_out_.is_whole());
  if (outcome && is_whole) {
    const opcode kind = is_amid_message_ ? opcode::continuation : is_text ? opcode::text : opcode::binary;
    outcome = co_await as_result(send_fragment(kind, "", true));
  } else if (outcome) {
    const char* const why =
        writer.has_failed_ ? "a piece of the message was not sent" : "the text of a message ends amid a character";
    outcome = std::unexpected(std::make_exception_ptr(error(why)));
  }
  if (outcome) co_return;
  if (is_amid_message_) say_close(close_code::internal_error, "");
  std::rethrow_exception(outcome.error());
}

coro<void> websocket_core::send_fragment(opcode kind, std::string_view payload, bool is_last) {
  const auto turn = co_await frames_.scoped_lock();
  if (!may_send_on()) require_open();
  throw_if_cancelled();
  unfinished_frame frame(*this);
  frame_head head{.kind = kind, .is_last = is_last};
  std::string packed;
  if (deflates(kind, payload, is_last)) {
    head.is_compressed = kind != opcode::continuation;
    packed = deflater_->add(payload, is_last);
    payload = packed;
  }
  const time_point begun = loop::running().time();
  std::string lost;
  try {
    co_await send_frame(head, payload);
  } catch (const std::system_error& failed) {
    lost = failed.code().message();
  }
  frame.is_finished();
  if (out_.capacity() > most_kept) std::string().swap(out_);
  if (!lost.empty()) {
    lose_sending();
    throw websocket_closed(close_code::abnormal, "", fmt::format("the connection was lost: {}", lost));
  }
  is_amid_message_ = !is_last;
  if (const time_point now = loop::running().time(); now - begun >= shortest_wait) last_taken_ = now;
}

coro<void> websocket_core::send_frame(frame_head head, std::string_view payload) {
  head.length = payload.size();
  head.is_masked = agreed_.role == websocket_role::client;
  if (head.is_masked) head.mask = draw_mask();
  out_.clear();
  append_frame_head(out_, head);
  if (!head.is_masked && payload.size() > most_copied) {
    const std::array<std::string_view, 2> pieces{out_, payload};
    co_return co_await stream_.send_all(pieces);
  }
  const std::size_t begin = out_.size();
  out_ += payload;
  if (head.is_masked) apply_mask(std::span(out_).subspan(begin), head.mask, 0);
  co_await stream_.send_all(out_);
}

// From the first fragment of a message to its last; one of several is as long as it may become.
bool websocket_core::deflates(opcode kind, std::string_view payload, bool is_last) noexcept {
  if (kind == opcode::continuation) return is_deflating_;
  const std::size_t least = options_.deflate.value_or(websocket_deflate()).least_bytes;
  is_deflating_ = deflater_ && deflater_->can_compress() && (payload.size() >= least || !is_last);
  return is_deflating_;
}

frame_mask websocket_core::draw_mask() const {
  const std::uint64_t drawn = loop::running().random()();
  frame_mask mask{};
  for (std::size_t at = 0; at < mask.size(); ++at) mask[at] = static_cast<unsigned char>(drawn >> (8 * at + 32));
  return mask;
}

// ---- control frames

void websocket_core::need_control_sent() {
  control_sent_.clear();
  if (std::exchange(is_sending_control_, true)) return;
  try {
    create_task(send_controls(shared_from_this()), {.name = "websocket control frames"});
  } catch (...) {
    is_sending_control_ = false;
    control_sent_.set();
    throw;
  }
}

coro<void> websocket_core::send_controls(std::shared_ptr<websocket_core> mine) {
  struct ending {
    websocket_core& core;
    ~ending() {
      core.is_sending_control_ = false;
      core.control_sent_.set();
    }
  };
  const auto core = std::move(mine);
  const ending at_last{*core};
  try {
    while (core->has_control_to_send()) {
      if (core->close_to_send_) co_await core->message_sent_.wait();
      const auto turn = co_await core->frames_.scoped_lock();
      throw_if_cancelled();
      const bool has_ping = core->ping_to_send_.has_value();
      const std::string frames = core->take_control_frames();
      if (frames.empty()) continue;
      unfinished_frame frame(*core);
      const auto sent = co_await as_expected(core->stream_.send_all(frames));
      frame.is_finished();
      if (!sent) co_return core->lose_sending();
      if (has_ping) core->ping_sent_ = loop::running().time();
    }
  } catch (const std::bad_alloc&) {
    core->abandon("there is no memory for a control frame");
  }
}

// Nothing follows a close frame, and it stands amid no message that will be whole.
std::string websocket_core::take_control_frames() {
  std::string frames;
  const auto add = [&](opcode kind, std::string_view payload) {
    const frame_mask mask = draw_mask();
    append_control_frame(frames, kind, payload, agreed_.role == websocket_role::client ? &mask : nullptr);
  };
  if (pong_) add(opcode::pong, *pong_);
  pong_.reset();
  if (ping_to_send_) add(opcode::ping, fmt::format_int(*ping_to_send_).c_str());
  ping_to_send_.reset();
  if (close_to_send_ && message_sent_.is_set()) {
    add(opcode::close, *close_to_send_);
    has_sent_close_ = true;
    close_to_send_.reset();
  }
  return frames;
}

coro<duration> websocket_core::ping(keeper) {
  require_open();
  awaited_pong mine{.number = ++pings_};
  struct waiting {
    websocket_core& core;
    awaited_pong& mine;
    waiting(websocket_core& in, awaited_pong& one) : core(in), mine(one) { core.awaited_.push_back(&mine); }
    ~waiting() { std::erase(core.awaited_, &mine); }
  } const registered(*this, mine);
  const time_point asked = loop::running().time();
  ping_to_send_ = mine.number;
  need_control_sent();
  co_await mine.over.wait();
  if (!mine.is_answered) require_open();  // which throws
  co_return loop::running().time() - asked;
}

// The time runs from when the ping was sent, or the other side took something of what goes before it. What has come, and waits for whoever receives,
// may be the answer.
coro<void> websocket_core::beat(std::shared_ptr<websocket_core> mine) {
  const auto core = std::move(mine);
  const duration interval = *core->options_.heartbeat;
  try {
    while (core->is_open()) {
      const time_point now = loop::running().time();
      const time_point due = core->last_received_ + interval;
      if (now < due) {
        co_await sleep(due - now);
        continue;
      }
      const std::uint64_t arrivals = core->arrivals_;
      core->ping_to_send_ = ++core->pings_;
      core->need_control_sent();
      time_point limit = now + core->options_.heartbeat_timeout;
      do {
        co_await sleep(limit - loop::running().time());
        limit = std::max({now, core->ping_sent_, core->last_taken_}) + core->options_.heartbeat_timeout;
      } while (loop::running().time() < limit && core->arrivals_ == arrivals);
      const bool has_unread = core->has_data_at_hand() || core->stream_.has_something_to_read();
      if (core->arrivals_ != arrivals || has_unread || !core->is_open()) continue;
      core->abandon("no answer to a ping in time");
    }
  } catch (const std::bad_alloc&) {
    core->abandon("there is no memory for a ping");
  }
}

// ---- ends

void websocket_core::ends(websocket_closed how) noexcept {
  if (!end_) end_ = std::move(how);
  has_ended_ = true;
  std::string().swap(message_);
  over_.set();
  give_up_on_pongs();
}

void websocket_core::give_up_on_pongs() noexcept {
  for (awaited_pong* each : awaited_) each->over.set();
}

// The other side may have said why: who receives will see it.
void websocket_core::lose_sending() noexcept {
  cannot_send_ = true;
  over_.set();
  give_up_on_pongs();
}

coro<void> websocket_core::wait_closed(keeper) { co_await over_.wait(); }

void websocket_core::abandon(std::string_view why) noexcept {
  lose(why);
  stream_.abort();
}

void websocket_core::end_tasks() noexcept {
  if (heartbeat_) heartbeat_->cancel();
  if (attending_) attending_->cancel();
}

void websocket_core::lose(std::string_view why) noexcept {
  if (has_ended_) return;
  has_failed_ = true;
  try {
    ends(websocket_closed(close_code::abnormal, "", std::string(why)));
  } catch (const std::bad_alloc&) {
    ends(std::move(starved_));
  }
}

void websocket_core::fail(std::uint16_t code, std::string_view why) {
  has_failed_ = true;
  try {
    say_close(code, "");
    ends(websocket_closed(code, "", fmt::format("the other side has sent {}", why)));
  } catch (const std::bad_alloc&) {
    abandon(why);
  }
}

// Unless it is closing.
void websocket_core::say_close(std::uint16_t code, std::string_view reason) {
  if (!is_open()) return;
  close_to_send_ = close_payload(code, reason);
  need_control_sent();
}

coro<void> websocket_core::close(keeper, std::uint16_t code, std::string reason) {
  if (!may_send_close_code(code)) throw error(fmt::format("a websocket cannot be closed by the code {}", code));
  if (reason.size() > longest_reason) throw error("the reason for closing a websocket is longer than 123 bytes");
  if (!is_utf8(reason)) throw error("the reason for closing a websocket is no UTF-8");
  struct ending {
    websocket_core& core;
    ~ending() {
      core.stream_.abort();
      core.lose("the other side did not answer the close frame in time");
      core.end_tasks();
    }
  } const at_last{*this};
  say_close(code, reason);
  const auto done = co_await as_result(with_timeout(options_.close_timeout, shake_hands()));
  if (!done && is_cancelled(done.error())) throw cancelled{};
}

// The server closes first (RFC 6455, 7.1.1). Who has refused a frame may have more unread, and closing then would reset the connection, and the
// other side would lose the reason.
coro<void> websocket_core::shake_hands() {
  co_await control_sent_.wait();
  const auto turn = co_await receiving_.scoped_lock();
  while (pass_control_frames(true) == step::needs_bytes) co_await fill();
  co_await control_sent_.wait();
  drop_received();
  if (has_failed_ && stream_.is_open()) co_await stream_.shutdown_send();
  if (has_failed_ || agreed_.role == websocket_role::client) {
    while (stream_.is_open() && co_await stream_.receive()) {
    }
  }
  if (stream_.is_open()) co_await stream_.close();
}

}  // namespace hocket::http::detail
