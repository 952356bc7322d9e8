// A page with which files are sent to this machine: they go to disk while they arrive, whatever their size.
// Run: file_upload DIR [--port P]; then open the address that it prints.
#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>

#include <hocket/http.hpp>

#include "program.hpp"

namespace http = hocket::http;

constexpr const char* page = R"(<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>Upload</title>
<h1>Upload</h1>
<form method="post" enctype="multipart/form-data">
<p><input type="file" name="file" multiple required> <button>Send</button>
</form>
<p>Nothing that is there is replaced: a second <i>cat.jpg</i> is called <i>cat (2).jpg</i>.
<p><a href="/files/">What is there</a>
</html>
)";

/// "cat.jpg", "cat (2).jpg", "cat (3).jpg", ...
std::string numbered(const std::string& name, int number) {
  const std::filesystem::path whole(name);
  return number == 1 ? name : fmt::format("{} ({}){}", whole.stem().string(), number, whole.extension().string());
}

/// Moves a file into the folder under its name, or the next one that is free, and gives that.
hocket::coro<std::string> move_into(std::string folder, std::string path, std::string wanted) {
  for (int number = 1;; ++number) {
    std::string name = numbered(wanted, number);
    const auto moved = co_await hocket::as_expected(hocket::rename(path, folder + "/" + name, {.replace = false}));
    if (moved) co_return name;
    if (moved.error() == std::errc::filename_too_long) throw http::http_error(400, "the name of a file is too long");
    if (moved.error() != std::errc::file_exists) throw std::system_error(moved.error(), name);
  }
}

/// Takes the files of a form into the folder.
hocket::coro<http::reply> take(http::request& asked, std::string folder) {
  auto form =
      co_await http::read_form(asked, {.file_bytes = 1ULL << 30, .total_bytes = 1ULL << 32, .directory = folder});
  if (form.files.empty()) throw http::http_error(400, "no file was sent");
  for (auto& file : form.files) {
    const auto wanted = http::safe_filename(file.filename);
    if (!wanted) throw http::http_error(400, "a file without a name");
    const std::string name = co_await move_into(folder, file.path(), *wanted);
    static_cast<void>(file.keep());
    fmt::print("{}: {} bytes\n", name, file.size_bytes);
  }
  co_return http::reply::redirect("/files/");
}

hocket::coro<void> serve(std::string folder, std::uint16_t port) {
  http::router routes;
  routes.get("/", [](http::request&) -> hocket::coro<http::reply> { co_return http::reply::html(page); });
  routes.post("/",
              [&folder](http::request& asked) -> hocket::coro<http::reply> { co_return co_await take(asked, folder); });
  routes.get("/files/{path:path}", http::static_files::below(folder, {.list_directories = true}));
  http::server server(std::move(routes),
                      {.wall_clock = hocket::system_wall_clock,
                       .on_error = [](const std::string& problem) { fmt::print(stderr, "{}\n", problem); }});
  auto listener = hocket::tcp_listener::listen(*hocket::socket_address::parse("127.0.0.1", port));
  fmt::print("taking files at http://{}/\n", listener.local_address().to_string());
  co_await server.serve(listener);
}

int main(int argc, char** argv) {
  std::string folder;
  std::uint16_t port = 8080;
  CLI::App options("Takes files.", "file_upload");
  options.add_option("DIR", folder, "where the files go")->required()->check(CLI::ExistingDirectory);
  options.add_option("--port", port, "the port; 0: one that is free")->capture_default_str();
  read_command_line(options, argc, argv);
  return run_program(options, serve(folder, port));
}
