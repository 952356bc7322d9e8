// Messages of HTTP/1: llhttp reads, we insist.
//
// llhttp reads heads and chunked bodies. Three things are not left to it. line_checker reads the same bytes, body
// excepted, for the rules of spelling that llhttp 8 does not enforce everywhere; names and the start line are looked at
// once more. framing decides from the fields where the body ends: bodies that are not chunked never reach llhttp. And
// the limits: it is fed no more of a head than may come. All this before anything of what was read is reported.
//
// llhttp is pushed and calls back; the caller pulls. So each callback that completes an event pauses llhttp, and its
// position then says what was consumed. A callback that throws parks the exception, for C must not be unwound through.

#include <algorithm>
#include <charconv>
#include <exception>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <llhttp.h>

#include <hocket/http/detail/authority.hpp>
#include <hocket/http/detail/framing.hpp>
#include <hocket/http/detail/line_checker.hpp>
#include <hocket/http/detail/message_parser.hpp>
#include <hocket/http/detail/request_rules.hpp>
#include <hocket/http/detail/switching_protocols.hpp>
#include <hocket/http/detail/syntax.hpp>
#include <hocket/http/detail/trailers.hpp>

namespace hocket::http::detail {

class message_reader {
 public:
  message_reader(llhttp_type_t type, parser_limits limits) : type_(type), limits_(limits) {}
  message_reader(const message_reader&) = delete;
  message_reader& operator=(const message_reader&) = delete;

  void begin(std::string_view request_method, interim_hook* interim = nullptr);
  parse_event next(std::string_view& input, std::string_view& body);
  void finish_eof();

  [[nodiscard]] bool started() const noexcept { return started_; }
  [[nodiscard]] bool continues() const noexcept { return continues_; }
  [[nodiscard]] int status() const noexcept { return llhttp_.status_code; }
  [[nodiscard]] int http_minor() const noexcept { return llhttp_.http_minor; }
  [[nodiscard]] std::string_view method() const noexcept {
    return llhttp_method_name(static_cast<llhttp_method_t>(llhttp_.method));
  }
  [[nodiscard]] std::string_view start_line() const noexcept;
  [[nodiscard]] std::string_view target_or_reason() const noexcept { return target_or_reason_; }
  [[nodiscard]] http::headers& headers() noexcept { return headers_; }
  [[nodiscard]] http::headers& trailers() noexcept { return trailers_; }
  [[nodiscard]] std::optional<std::uint64_t> content_length() const noexcept { return framing_.content_length; }
  [[nodiscard]] bool is_chunked() const noexcept { return framing_.end == body_end::last_chunk; }
  [[nodiscard]] bool keep_alive() const noexcept { return keep_alive_; }
  [[nodiscard]] bool expects_continue() const noexcept { return expects_continue_; }
  [[nodiscard]] bool changes_protocol() const noexcept { return changes_protocol_; }
  [[nodiscard]] bool is_http2_preface() const noexcept { return is_http2_preface_; }

 private:
  enum class stage { head, body, ended, failed };
  // Fields that decide what becomes of message and connection; most messages have few of them, and need not be searched for the others.
  enum seen : unsigned char { of_length = 1, of_connection = 2, of_expectation = 4 };
  [[nodiscard]] static unsigned char kind_of(std::string_view name) noexcept;
  [[nodiscard]] bool has(seen kind) const noexcept { return (seen_ & kind) != 0; }

  [[nodiscard]] bool is_response() const noexcept { return type_ == HTTP_RESPONSE; }

  void begin_head();
  parse_event read_head(std::string_view& input);
  parse_event read_body(std::string_view& input, std::string_view& body);
  parse_event read_chunks(std::string_view& input, std::string_view& body);
  bool feed(std::string_view& input);
  void keep_start_line(std::string_view lines);

  void accept_start_line();
  void accept_head();
  void accept_response();
  void accept_request();
  [[nodiscard]] bool is_persistent() const noexcept;
  void require_room_in_line(std::size_t size) const;
  [[noreturn]] void fail(const bad_message& why);

  template <auto Handler, class... Args>
  static int call(llhttp_t* parser, Args... args) noexcept;
  static llhttp_settings_t make_settings();

  // Callbacks of llhttp.
  int on_message_begin();
  int on_target(const char* at, std::size_t size);
  int on_name(const char* at, std::size_t size);
  int on_value(const char* at, std::size_t size);
  int on_value_complete();
  int on_body(const char* at, std::size_t size);
  int on_complete();

  const llhttp_type_t type_;
  const parser_limits limits_;
  llhttp_t llhttp_{};
  line_checker checker_;
  stage stage_ = stage::ended;
  std::exception_ptr parked_;  // thrown in a callback

  std::string request_method_;  // of the request that a response answers
  std::string start_line_;      // with its CRLF
  std::size_t target_size_ = 0;
  std::string_view target_or_reason_;  // in the start line
  std::string name_;                   // of the field being read, as its value
  std::string value_;
  http::headers headers_;
  http::headers trailers_;
  interim_hook* interim_ = nullptr;
  unsigned char seen_ = 0;

  // Known once the head is; the caller may take the fields away.
  framing framing_;
  bool keep_alive_ = false;
  bool expects_continue_ = false;
  bool changes_protocol_ = false;

  bool started_ = false;
  bool is_http2_preface_ = false;
  bool continues_ = false;
  std::uint64_t remaining_ = 0;  // of a body with a length
  std::string_view body_piece_;  // of a chunked body, from the latest call of llhttp
};

namespace {

/// What went wrong, in our words. `offender` is the byte at which llhttp stopped.
bad_message explain(llhttp_errno_t code, char offender) {
  switch (code) {
    case HPE_INVALID_METHOD:
      return bad_message("unknown method", is_token_char(offender) ? 501 : 400);
    case HPE_INVALID_URL:
      return bad_message("malformed target");
    case HPE_INVALID_CONSTANT:
      return bad_message("no HTTP version where one is due");
    case HPE_INVALID_VERSION:
      return bad_message("malformed HTTP version");
    case HPE_PAUSED_H2_UPGRADE:
      return bad_message("HTTP/2 where HTTP/1 is spoken", 505);
    case HPE_INVALID_STATUS:
      return bad_message("malformed status code");
    case HPE_INVALID_HEADER_TOKEN:
    case HPE_UNEXPECTED_SPACE:
      return bad_message("malformed header field");
    case HPE_INVALID_CONTENT_LENGTH:
      return bad_message("malformed Content-Length");
    case HPE_UNEXPECTED_CONTENT_LENGTH:
      return bad_message("both Transfer-Encoding and Content-Length");
    case HPE_INVALID_TRANSFER_ENCODING:
      return bad_message("Transfer-Encoding other than chunked", 501);
    case HPE_INVALID_CHUNK_SIZE:
      return bad_message("malformed chunk size");
    case HPE_STRICT:
    case HPE_CR_EXPECTED:
    case HPE_LF_EXPECTED:
      return bad_message("malformed line");
    default:
      return bad_message(llhttp_errno_name(code));
  }
}

/// The reason in `HTTP/1.1 200 OK`; what follows the status may be missing. llhttp takes `0200` and `20` for codes.
std::string_view reason_in(std::string_view line, int status) {
  constexpr auto after_status = std::string_view("HTTP/1.1 200").size();
  line.remove_suffix(std::string_view("\r\n").size());
  if (status < 100 || (line.size() > after_status && line[after_status] != ' ')) {
    throw bad_message("malformed status code");
  }
  return line.substr(std::min(after_status + 1, line.size()));
}

/// The target in `GET /a HTTP/1.1`. llhttp takes RTSP/1.0 and ICE/1.0 for HTTP.
std::string_view target_in(std::string_view line, std::string_view method) {
  const auto version = line.size() - std::string_view(" HTTP/1.1\r\n").size();
  if (!line.substr(version).starts_with(" HTTP/1.")) throw bad_message("no HTTP version where one is due");
  const auto begin = method.size() + 1;
  return line.substr(begin, version - begin);
}

/// One Host, or none in HTTP/1.0 (RFC 9112, 3.2).
void check_host(const headers& fields, int http_minor) {
  std::size_t hosts = 0;
  for (const auto [name, value] : fields) {
    if (!equal_ignoring_case(name, "Host")) continue;
    if (++hosts > 1) throw bad_message("more than one Host");
    if (!is_authority(value)) throw bad_message("malformed Host");
  }
  if (hosts == 0 && http_minor > 0) throw bad_message("no Host");
}

}  // namespace

void message_reader::begin(std::string_view request_method, interim_hook* interim) {
  request_method_ = request_method;
  interim_ = interim;
  checker_.begin_head();
  parked_ = nullptr;
  trailers_.clear();
  started_ = false;
  is_http2_preface_ = false;
  continues_ = false;
  stage_ = stage::head;
  begin_head();
}

void message_reader::begin_head() {
  static const llhttp_settings_t settings = make_settings();
  llhttp_init(&llhttp_, type_, &settings);
  llhttp_.data = this;
  start_line_.clear();
  target_size_ = 0;
  target_or_reason_ = {};
  name_.clear();
  value_.clear();
  headers_.clear();
  seen_ = 0;
}

parse_event message_reader::next(std::string_view& input, std::string_view& body) {
  if (stage_ == stage::ended || stage_ == stage::failed) throw invalid_state_error("read past the end of a message");
  try {
    const auto event = stage_ == stage::head ? read_head(input) : read_body(input, body);
    if (event == parse_event::end) stage_ = stage::ended;
    return event;
  } catch (const bad_message& why) {
    fail(why);
  } catch (...) {
    stage_ = stage::failed;
    throw;
  }
}

void message_reader::finish_eof() {
  if (stage_ == stage::failed) throw invalid_state_error("read past the end of a message");
  if (stage_ == stage::head) {
    if (!started_ && !is_response()) return;
    fail(bad_message(started_ ? "connection closed within its head" : "connection closed before it began"));
  }
  const bool complete = stage_ == stage::ended || framing_.end == body_end::no_body ||
                        framing_.end == body_end::close || (framing_.end == body_end::length && remaining_ == 0);
  if (!complete) fail(bad_message("connection closed within its body"));
  stage_ = stage::ended;
}

parse_event message_reader::read_head(std::string_view& input) {
  for (;;) {
    auto window = input.substr(0, limits_.head_bytes - checker_.total_bytes());
    const auto offered = window.size();
    const bool complete = feed(window);
    input.remove_prefix(offered - window.size());
    if (is_http2_preface_) throw explain(HPE_PAUSED_H2_UPGRADE, '\0');

    if (!complete && checker_.total_bytes() == limits_.head_bytes) {
      throw bad_message("head larger than " + in_words(limits_.head_bytes), 431);
    }
    if (!complete) return parse_event::need_more;

    accept_start_line();
    const bool interim = is_response() && status() < 200 && status() != 101;
    if (!interim) {
      accept_head();
      stage_ = stage::body;
      return parse_event::head;
    }
    if (has(of_length)) static_cast<void>(response_framing(headers_, status(), request_method_));
    continues_ = continues_ || status() == 100;
    if (interim_ != nullptr) (*interim_)(status(), headers_);
    begin_head();
  }
}

parse_event message_reader::read_body(std::string_view& input, std::string_view& body) {
  if (framing_.end == body_end::last_chunk) return read_chunks(input, body);
  if (framing_.end == body_end::no_body) return parse_event::end;
  if (framing_.end == body_end::length && remaining_ == 0) return parse_event::end;
  if (input.empty()) return parse_event::need_more;

  body = input;
  if (framing_.end == body_end::length) {
    body = input.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, input.size())));
    remaining_ -= body.size();
  }
  input.remove_prefix(body.size());
  return parse_event::body;
}

parse_event message_reader::read_chunks(std::string_view& input, std::string_view& body) {
  if (!feed(input)) return parse_event::need_more;
  if (body_piece_.empty()) return parse_event::end;
  body = body_piece_;
  return parse_event::body;
}

/// Lets llhttp read on until a callback pauses it (true) or the input is used up (false), and checks what it consumed:
/// lines, and after them a piece of the body if that is where it paused.
bool message_reader::feed(std::string_view& input) {
  body_piece_ = {};
  const auto whole = input;
  const auto code = llhttp_execute(&llhttp_, input.data(), input.size());
  const auto consumed =
      code == HPE_OK ? input.size() : static_cast<std::size_t>(llhttp_get_error_pos(&llhttp_) - input.data());
  const auto lines = input.substr(0, consumed - body_piece_.size());
  input.remove_prefix(consumed);
  const bool failed = code != HPE_OK && code != HPE_PAUSED;
  if (stage_ == stage::head) keep_start_line(failed ? whole : lines);
  checker_.read(lines);

  if (code == HPE_OK) return false;
  if (code == HPE_PAUSED) return llhttp_resume(&llhttp_), true;
  if (code == HPE_PAUSED_H2_UPGRADE) return is_http2_preface_ = true;
  if (parked_) std::rethrow_exception(std::exchange(parked_, nullptr));
  if (code == HPE_UNEXPECTED_CONTENT_LENGTH && !headers_.contains("Transfer-Encoding"))
    throw bad_message("repeated Content-Length");
  throw explain(code, input.empty() ? '\0' : input.front());
}

/// Appends what of the lines belongs to the first that is not empty. Only a request may have blank ones before it (RFC 9112, 2.2).
void message_reader::keep_start_line(std::string_view lines) {
  if (start_line_.ends_with('\n')) return;
  if (is_response() && start_line_.empty() && lines.starts_with("\r"))
    throw bad_message("a blank line before the status line");
  if (start_line_.empty()) lines.remove_prefix(std::min(lines.find_first_not_of("\r\n"), lines.size()));
  const auto end = lines.find('\n');
  start_line_.append(end == std::string_view::npos ? lines : lines.substr(0, end + 1));
}

std::string_view message_reader::start_line() const noexcept {
  const std::string_view line = std::string_view(start_line_).substr(0, start_line_.find_last_not_of("\r\n") + 1);
  return line.substr(0, limits_.line_bytes);
}

void message_reader::accept_start_line() {
  if (llhttp_.http_major != 1) throw bad_message("HTTP version other than 1.0 and 1.1", 505);
  target_or_reason_ = is_response() ? reason_in(start_line_, status()) : target_in(start_line_, method());
}

void message_reader::accept_head() {
  is_response() ? accept_response() : accept_request();

  // llhttp does not take a tab after "chunked" for whitespace.
  const bool chunked = framing_.end == body_end::last_chunk;
  if (chunked && (llhttp_.flags & F_CHUNKED) == 0) throw bad_message("malformed Transfer-Encoding");
  if (chunked) checker_.begin_chunks(limits_.chunk_overhead_bytes);
  remaining_ = framing_.content_length.value_or(0);
}

void message_reader::accept_response() {
  framing_ = response_framing(headers_, status(), request_method_);
  changes_protocol_ = status() == switching_protocols || (request_method_ == "CONNECT" && status() / 100 == 2);
  // A chunked body in HTTP/1.0 may have passed parties that did not know it: believe it, but nothing after it (6.1).
  const bool doubtful = http_minor() == 0 && framing_.end == body_end::last_chunk;
  keep_alive_ = is_persistent() && framing_.end != body_end::close && !changes_protocol_ && !doubtful;
}

void message_reader::accept_request() {
  check_target(method(), target_or_reason_);
  check_host(headers_, http_minor());
  framing_ = has(of_length) ? request_framing(headers_, http_minor()) : framing{};
  const bool has_body = framing_.end == body_end::last_chunk || framing_.content_length.value_or(0) > 0;
  const bool connect = method() == "CONNECT";
  if (connect && has_body) throw bad_message("CONNECT with a body");

  const bool upgrade =
      has(of_connection) && headers_.contains_token("Connection", "upgrade") && headers_.contains("Upgrade");
  changes_protocol_ = connect || (upgrade && http_minor() > 0);
  expects_continue_ = has(of_expectation) && http_minor() > 0 && wants_continue(headers_) && has_body;
  keep_alive_ = is_persistent() && !connect;
}

/// Whether the sender means to keep the connection (RFC 9112, 9.3).
bool message_reader::is_persistent() const noexcept {
  if (!has(of_connection)) return http_minor() > 0;
  if (headers_.contains_token("Connection", "close")) return false;
  return http_minor() > 0 || headers_.contains_token("Connection", "keep-alive");
}

void message_reader::fail(const bad_message& why) {
  stage_ = stage::failed;
  throw bad_message((is_response() ? "bad response: " : "bad request: ") + std::string(why.what()), why.answer());
}

template <auto Handler, class... Args>
int message_reader::call(llhttp_t* parser, Args... args) noexcept {
  auto& self = *static_cast<message_reader*>(parser->data);
  try {
    return (self.*Handler)(args...);
  } catch (...) {
    self.parked_ = std::current_exception();
    return HPE_USER;
  }
}

llhttp_settings_t message_reader::make_settings() {
  llhttp_settings_t settings;
  llhttp_settings_init(&settings);
  settings.on_message_begin = call<&message_reader::on_message_begin>;
  settings.on_url = call<&message_reader::on_target>;
  settings.on_header_field = call<&message_reader::on_name>;
  settings.on_header_value = call<&message_reader::on_value>;
  settings.on_header_value_complete = call<&message_reader::on_value_complete>;
  settings.on_headers_complete = call<&message_reader::on_complete>;
  settings.on_body = call<&message_reader::on_body>;
  settings.on_message_complete = call<&message_reader::on_complete>;
  return settings;
}

int message_reader::on_message_begin() {
  started_ = true;
  return HPE_OK;
}

int message_reader::on_target(const char* /*at*/, std::size_t size) {
  target_size_ += size;
  const std::size_t line_size = method().size() + target_size_ + std::string_view("  HTTP/1.1").size();
  if (line_size > limits_.line_bytes)
    throw bad_message("request line larger than " + in_words(limits_.line_bytes), 414);
  return HPE_OK;
}

int message_reader::on_name(const char* at, std::size_t size) {
  require_room_in_line(size);
  name_.append(at, size);
  return HPE_OK;
}

int message_reader::on_value(const char* at, std::size_t size) {
  require_room_in_line(size);
  value_.append(at, size);
  return HPE_OK;
}

void message_reader::require_room_in_line(std::size_t size) const {
  if (name_.size() + std::string_view(": ").size() + value_.size() + size > limits_.line_bytes)
    throw bad_message("header field larger than " + in_words(limits_.line_bytes), 431);
}

int message_reader::on_value_complete() {
  if (!is_token(name_)) throw bad_message("malformed header field");
  const bool trailer = stage_ == stage::body;
  const auto fields_before = trailer ? trailers_.size() : headers_.size();
  if (fields_before == limits_.fields) {
    throw bad_message("more than " + std::to_string(limits_.fields) + (trailer ? " trailers" : " header fields"), 431);
  }
  if (trailer) {
    if (!belongs_before_body(name_)) trailers_.add_unchecked(name_, trim(value_));
  } else {
    headers_.add_unchecked(name_, trim(value_));
    seen_ |= kind_of(name_);
  }
  name_.clear();
  value_.clear();
  return HPE_OK;
}

unsigned char message_reader::kind_of(std::string_view name) noexcept {
  switch (name.size()) {
    case 6:
      return equal_ignoring_case(name, "Expect") ? of_expectation : 0;
    case 10:
      return equal_ignoring_case(name, "Connection") ? of_connection : 0;
    case 14:
      return equal_ignoring_case(name, "Content-Length") ? of_length : 0;
    case 17:
      return equal_ignoring_case(name, "Transfer-Encoding") ? of_length : 0;
    default:
      return 0;
  }
}

int message_reader::on_body(const char* at, std::size_t size) {
  body_piece_ = {at, size};
  return size == 0 ? HPE_OK : HPE_PAUSED;
}

int message_reader::on_complete() { return HPE_PAUSED; }

response_parser::response_parser(parser_limits limits)
    : reader_(std::make_unique<message_reader>(HTTP_RESPONSE, limits)) {}
response_parser::response_parser(response_parser&&) noexcept = default;
response_parser& response_parser::operator=(response_parser&&) noexcept = default;
response_parser::~response_parser() = default;

void response_parser::begin(std::string_view request_method, interim_hook* interim) {
  reader_->begin(request_method, interim);
}
parse_event response_parser::next(std::string_view& input, std::string_view& body) {
  return reader_->next(input, body);
}
void response_parser::finish_eof() { reader_->finish_eof(); }
bool response_parser::started() const noexcept { return reader_->started(); }
bool response_parser::continues() const noexcept { return reader_->continues(); }
int response_parser::status() const noexcept { return reader_->status(); }
std::string_view response_parser::reason() const noexcept { return reader_->target_or_reason(); }
int response_parser::http_minor() const noexcept { return reader_->http_minor(); }
http::headers& response_parser::headers() noexcept { return reader_->headers(); }
http::headers& response_parser::trailers() noexcept { return reader_->trailers(); }
std::optional<std::uint64_t> response_parser::content_length() const noexcept { return reader_->content_length(); }
bool response_parser::keep_alive() const noexcept { return reader_->keep_alive(); }
bool response_parser::upgraded() const noexcept { return reader_->changes_protocol(); }

request_parser::request_parser(parser_limits limits) : reader_(std::make_unique<message_reader>(HTTP_REQUEST, limits)) {
  begin();
}
request_parser::request_parser(request_parser&&) noexcept = default;
request_parser& request_parser::operator=(request_parser&&) noexcept = default;
request_parser::~request_parser() = default;

void request_parser::begin() { reader_->begin({}); }
parse_event request_parser::next(std::string_view& input, std::string_view& body) { return reader_->next(input, body); }
void request_parser::finish_eof() { reader_->finish_eof(); }
bool request_parser::started() const noexcept { return reader_->started(); }
std::string_view request_parser::start_line() const noexcept { return reader_->start_line(); }
std::string_view request_parser::method() const noexcept { return reader_->method(); }
std::string_view request_parser::target() const noexcept { return reader_->target_or_reason(); }
int request_parser::http_minor() const noexcept { return reader_->http_minor(); }
http::headers& request_parser::headers() noexcept { return reader_->headers(); }
const http::headers& request_parser::trailers() const noexcept { return reader_->trailers(); }
std::optional<std::uint64_t> request_parser::content_length() const noexcept { return reader_->content_length(); }
bool request_parser::is_chunked() const noexcept { return reader_->is_chunked(); }
bool request_parser::keep_alive() const noexcept { return reader_->keep_alive(); }
bool request_parser::expects_continue() const noexcept { return reader_->expects_continue(); }
bool request_parser::wants_upgrade() const noexcept { return reader_->changes_protocol(); }
bool request_parser::is_http2_preface() const noexcept { return reader_->is_http2_preface(); }

}  // namespace hocket::http::detail
