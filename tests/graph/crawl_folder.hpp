#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <io/temporary_directory.hpp>

#include <hocket/base/error.hpp>
#include <hocket/graph/link_graph.hpp>

namespace hocket::testing {

/// What pages.jsonl says of a URL; short, for tests.
struct crawled {
  std::string_view url;
  std::string_view final_url{};  // empty: the same
  int status = 200;
  std::string_view error{};
  std::string_view content_type = "text/html";
  unsigned depth = 0;
  unsigned milliseconds = 1;
  unsigned bytes = 10;
  std::string_view etag{};
  std::string_view hash{};
};

/// A folder as a crawl leaves it.
class crawl_folder {
 public:
  crawl_folder& page(const crawled& what) {
    const std::string error = what.error.empty() ? "null" : fmt::format("\"{}\"", what.error);
    const std::string etag = what.etag.empty() ? "" : fmt::format(R"("etag":"\"{}\"",)", what.etag);
    const std::string hash = what.hash.empty() ? "" : fmt::format(R"("hash":"{}",)", what.hash);
    pages_ += fmt::format(
        R"({{"url":"{}","final_url":"{}","status":{},"content_type":"{}","bytes":{},"depth":{},"links":0,"ms":{},{}{}"error":{}}})"
        "\n",
        what.url, what.final_url.empty() ? what.url : what.final_url, what.status, what.content_type, what.bytes,
        what.depth, what.milliseconds, etag, hash, error);
    return *this;
  }
  crawl_folder& link(std::string_view source, std::string_view target) {
    links_ += fmt::format("{}\t{}\n", source, target);
    return *this;
  }
  crawl_folder& pages_text(std::string_view text) {
    pages_ += text;
    return *this;
  }
  crawl_folder& links_text(std::string_view text) {
    links_ += text;
    return *this;
  }

  [[nodiscard]] graph::link_graph read() const {
    write();
    return graph::link_graph::read(folder_.path());
  }
  /// What `read` complains of, with "DIR" for the folder.
  [[nodiscard]] std::string complaint() const {
    try {
      static_cast<void>(read());
    } catch (const error& problem) {
      std::string text = problem.what();
      if (const auto place = text.find(path()); place != std::string::npos) text.replace(place, path().size(), "DIR");
      return text;
    }
    return "";
  }
  void write() const {
    write_file(folder_ / "links.tsv", links_);
    write_file(folder_ / "pages.jsonl", pages_);
  }
  [[nodiscard]] const std::string& path() const noexcept { return folder_.path(); }

 private:
  temporary_directory folder_;
  std::string links_ = "source_url\tparsed_url\n";
  std::string pages_;
};

/// The URLs of nodes.
inline std::vector<std::string> urls_of(const graph::link_graph& graph, const auto& nodes) {
  std::vector<std::string> urls;
  for (const graph::node each : nodes) urls.emplace_back(graph.url(each));
  return urls;
}

/// Precondition: the graph has it.
inline graph::node node_of(const graph::link_graph& graph, std::string_view url) { return graph.find(url).value(); }

}  // namespace hocket::testing
