#include "get_request.hpp"

#include <filesystem>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <sys/stat.h>

#include <hocket/http/media_type.hpp>
#include <hocket/io/file.hpp>
#include <hocket/io/write_file.hpp>
#include <hocket/loop/loop.hpp>

#include "command.hpp"

namespace hocket::app {
namespace {

constexpr std::size_t piece_size = 64 * 1024;

std::pair<std::string, std::string> split(const std::string& text, char at, const char* option) {
  const std::size_t found = text.find(at);
  if (found == std::string::npos || found == 0)
    throw failure(fmt::format("{} '{}' has no name and '{}'", option, text, at), wrong_usage);
  return {text.substr(0, found), text.substr(found + 1)};
}

/// The text, or what is in the file that it names by "@FILE"; "@-" is standard input.
coro<std::string> text_or_file(std::string text) {
  if (!text.starts_with('@')) co_return text;
  co_return co_await read_file(text == "@-" ? "/dev/stdin" : text.substr(1));
}

async_generator<std::string> pieces_of(file from) {
  std::string room(piece_size, '\0');
  for (;;) {
    const std::size_t size = co_await from.read(room);
    if (size == 0) co_return;
    co_yield room.substr(0, size);
  }
}

/// Of a pipe nobody knows how much is in it.
http::body body_of(file from) {
  struct stat state{};
  const bool is_file = from.status(state) == 0 && S_ISREG(state.st_mode);
  return is_file ? http::body::of_file(std::move(from)) : http::body::pieces(pieces_of(std::move(from)));
}

coro<http::multipart_form> make_form(const std::vector<std::string>& parts) {
  http::multipart_form form(http::make_boundary(loop::running().random()));
  for (const std::string& each : parts) {
    auto [name, value] = split(each, '=', "--form");
    if (!value.starts_with('@')) {
      form.add(name, std::move(value));
      continue;
    }
    const std::filesystem::path path(value.substr(1));
    file content = co_await file::open(path.string());
    form.add(
        name, body_of(std::move(content)),
        {.filename = path.filename().string(), .content_type = std::string(http::media_type_for_path(path.string()))});
  }
  co_return form;
}

http::credentials credentials_of(const get_arguments& arguments) {
  const std::size_t colon = arguments.user.find(':');
  const std::string user = arguments.user.substr(0, colon);
  const std::string password = colon == std::string::npos ? "" : arguments.user.substr(colon + 1);
  return arguments.digest ? http::credentials::digest(user, password) : http::credentials::basic(user, password);
}

}  // namespace

coro<get_request> make_get_request(const get_arguments& arguments) {
  get_request made;
  http::request_options& options = made.options;
  for (const std::string& field : arguments.fields) {
    const auto [name, value] = split(field, ':', "--header");
    try {
      options.fields.add(name, value);
    } catch (const error& problem) {
      throw failure(problem.what(), wrong_usage);
    }
  }
  for (const char* name : {"Content-Length", "Transfer-Encoding"})
    if (options.fields.contains(name))
      throw failure(fmt::format("--header '{}': that follows from what is sent", name), wrong_usage);
  std::string data;
  for (const std::string& each : arguments.data) {
    if (!data.empty()) data += '&';
    data += co_await text_or_file(each);
  }
  if (!arguments.data.empty()) {
    options.body = std::move(data);
    if (!options.fields.contains("Content-Type"))
      options.fields.add("Content-Type", "application/x-www-form-urlencoded");
  }
  if (arguments.json) options.json = co_await text_or_file(*arguments.json);
  if (!arguments.form.empty()) options.multipart = co_await make_form(arguments.form);
  if (!arguments.user.empty()) options.auth = credentials_of(arguments);
  if (!arguments.follow) options.max_redirects = 0;
  const bool sends = !arguments.data.empty() || arguments.json || !arguments.form.empty();
  made.method = !arguments.method.empty() ? arguments.method : sends ? "POST" : "GET";
  co_return made;
}

}  // namespace hocket::app
