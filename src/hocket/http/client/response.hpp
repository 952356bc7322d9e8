#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/base/attributes.hpp>
#include <hocket/base/function.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/http/body.hpp>
#include <hocket/http/client/text_options.hpp>
#include <hocket/http/headers.hpp>
#include <hocket/http/range/validators.hpp>
#include <hocket/text/encoding.hpp>
#include <hocket/url/url.hpp>

namespace hocket::http {

namespace detail {
class exchange;
class session_state;
}  // namespace detail

/// A redirect that was followed.
struct redirect_hop {
  int status;
  hocket::url from;
};

struct save_options {
  /// Goes on with the file at the path where the response is the rest of it (206), as was asked for by `Range: bytes=SIZE-`. Throws
  /// `client_error` if it is another part, or one of a content that is coded (Content-Encoding), whose places are others than the file's.
  /// Where there is no file yet, or nothing in it, the whole (200) is written to where it is to be gone on with later.
  bool resume = false;
  /// Told after each piece how many bytes of the body were saved.
  function<void(std::uint64_t bytes)> on_progress{};
};

/// A response whose head has arrived; the body comes as it is read. Owns its connection until the body has ended: read it to
/// the end to let the connection be used again, or drop the response to close it. Must not outlive its session.
class response final : public body_source {
 public:
  response(response&&) noexcept;
  response& operator=(response&&) noexcept;
  ~response() override;

  [[nodiscard]] int status() const noexcept;
  [[nodiscard]] bool ok() const noexcept { return status() < 400; }
  /// The words behind the status, as the server chose them; perhaps none, as ever over HTTP/2, and nothing to rely on (RFC 9112, 4).
  [[nodiscard]] const std::string& reason() const noexcept;
  /// "HTTP/1.1", "HTTP/1.0", or "HTTP/2.0".
  [[nodiscard]] std::string_view version() const noexcept;
  [[nodiscard]] const http::headers& headers() const noexcept;
  /// Where the response came from, after redirects. A fragment lasts until a redirect brings another one (RFC 9110, 10.2.2).
  [[nodiscard]] const hocket::url& url() const noexcept;
  /// The redirects that led here, in order.
  [[nodiscard]] const std::vector<redirect_hop>& history() const noexcept;
  /// How many redirects led here.
  [[nodiscard]] std::size_t redirects() const noexcept { return history().size(); }
  /// Of the body; nothing if it does not say, or if a coding is undone.
  [[nodiscard]] std::optional<std::uint64_t> content_length() const noexcept;
  /// What Content-Type calls the body's charset, as it is written there; empty if it does not.
  [[nodiscard]] std::string charset() const;
  /// Which encoding that means; nothing if it does not say, or says what nobody knows.
  [[nodiscard]] std::optional<hocket::encoding> encoding() const;
  /// How long the server wants to be left alone (Retry-After); a date is told from the server's own, so that no clock of ours need agree
  /// with it. Nothing if it does not say.
  [[nodiscard]] std::optional<std::chrono::seconds> retry_after() const;
  /// What tells the state of the resource from later ones, for `ask_if_changed` and `ask_for_rest`.
  [[nodiscard]] http::validators validators() const;
  /// The resource is as it was, as `ask_if_changed` has asked: 304, without a body.
  [[nodiscard]] bool is_not_modified() const noexcept { return status() == 304; }
  /// There is nothing after the first `size` bytes, as `ask_for_rest` has asked: 416, of a content of that size.
  [[nodiscard]] bool is_at_end(std::uint64_t size) const;
  /// Bytes of the body read so far, as they came: before any coding was undone.
  [[nodiscard]] std::uint64_t received() const noexcept;

  /// Throws `status_error` for 400 and above.
  void raise_for_status() const;

  /// The next piece of the body, valid until the next call; empty at its end and nowhere else. Cancelled, also by a time-out around it, it loses
  /// nothing: the next call goes on. Throws what `session::request` throws, its time-outs included, and `content_decoding_error`; then the
  /// connection is closed, and every further call throws the same.
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<std::string_view> next() override;

  /// The fields behind the body, once all of it was read.
  [[nodiscard]] const http::headers& trailers() const noexcept override;

  /// Reads the rest of the body away, if it is at most 64 KiB and comes within a second, so that the connection can be used
  /// again. Throws only `cancelled`.
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<void> drain();

  /// What is left of the body, as one string. Throws `body_too_large` above `limit_bytes`.
  [[nodiscard]] coro<std::string> read(std::size_t limit_bytes = 64 * 1024 * 1024);
  /// The same as text, in UTF-8: by the body's byte order mark, which is dropped, or by the charset of its Content-Type; UTF-8 if there is
  /// none that is known (see `encoding`). Throws `text_decoding_error` too if it is to be strict. Counterpart: ClientResponse.text.
  [[nodiscard]] coro<std::string> text(text_options options = {});

  /// Writes what is left of the body to a file, and gives how many bytes that is. Everybody sees the old file or all of the new one: it
  /// is written beside and takes the place at the end; if it throws, the old file is as it was. The new one has the permissions of the old
  /// one, or is for whom the process's umask lets (0666), and belongs to who runs the program; a symbolic link is followed. What is no
  /// file, a device or a pipe, is written to. With `resume` the rest, and the whole of what was not there, is written to where it is, and
  /// what has come stays there. Throws what `next` throws, std::system_error of the file.
  [[nodiscard]] coro<std::uint64_t> save_to(std::string path, save_options options = {});

 private:
  friend class detail::session_state;
  explicit response(std::unique_ptr<detail::exchange> exchange) noexcept;
  std::unique_ptr<detail::exchange> exchange_;
};

}  // namespace hocket::http
