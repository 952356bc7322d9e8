// A page with which files are sent to this machine: they go to disk while they arrive, whatever their size.
// Run: file_upload DIR [--port P]; then open the address that it prints.
#include <cstdint>
#include <string>

#include <hocket/http.hpp>

#include "program.hpp"

namespace http = hocket::http;

constexpr const char* page = R"(<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>Upload</title>
<h1>Upload</h1>
<form method="post" enctype="multipart/form-data">
<p><input type="file" name="file" multiple required> <button>Send</button>
</form>
<p><a href="/files/">What is there</a>
</html>
)";

/// Takes the files of a form into the folder, under their own names.
hocket::coro<http::reply> take(http::request& asked, std::string folder) {
  auto form =
      co_await http::read_form(asked, {.file_bytes = 1ULL << 30, .total_bytes = 1ULL << 32, .directory = folder});
  if (form.files.empty()) throw http::http_error(400, "no file was sent");
  for (auto& file : form.files) {
    const auto name = http::safe_filename(file.filename);
    if (!name) throw http::http_error(400, "a file without a name");
    co_await hocket::rename(file.path(), folder + "/" + *name);
    static_cast<void>(file.keep());
    fmt::print("{}: {} bytes\n", *name, file.size_bytes);
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
                      {.on_error = [](const std::string& problem) { fmt::print(stderr, "{}\n", problem); }});
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
