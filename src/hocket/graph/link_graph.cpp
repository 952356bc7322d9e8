// URLs become numbers by a table, links first a file of pairs and then, by counting, one array: where each page's links begin, and all
// targets. pages.jsonl is read before links.tsv, because a crawl writes a page's links before the page: so each page that is found here has
// all of its links, while the crawl goes on, too.

#include <algorithm>
#include <functional>
#include <string>

#include <hocket/graph/crawl_files.hpp>
#include <hocket/graph/link_graph.hpp>
#include <hocket/graph/scratch.hpp>

namespace hocket::graph {
namespace {

struct link {
  node source;
  node target;
};

/// Redirected to where the crawl may not look; told by the crawler's words, for there is no member for this.
bool is_beyond(std::string_view error) {
  return error.starts_with("redirected to ") &&
         (error.ends_with(", which is out of scope") || error.ends_with(", which robots.txt disallows"));
}

/// By the hash of the content; where it was not read, by what its server tells of its state.
std::uint64_t content_of(const page_row& row) {
  const std::string text = !row.hash.empty() ? row.hash : row.etag + row.last_modified;
  return text.empty() ? 0 : std::hash<std::string>{}(text);
}

}  // namespace

link_graph::link_graph(const std::string& scratch_directory, std::uint64_t seed)
    : urls_(scratch_directory, seed),
      texts_(scratch_directory, seed),
      pages_(scratch_directory),
      redirects_(scratch_directory),
      begins_(scratch_directory),
      targets_(scratch_directory) {
  texts_.insert("");
}

link_graph link_graph::read(const std::string& directory, const graph_options& options) {
  const pages_reader is_there(directory);  // says what is missing, before a scratch file in a folder that is none
  const std::string scratch = scratch_in(options.scratch_directory, directory);
  link_graph result(scratch, options.seed);
  result.read_pages(directory);
  result.read_links(directory, scratch);
  return result;
}

node link_graph::add(std::string_view url) {
  const node number = urls_.insert(url);
  if (number >= pages_.size()) {
    pages_.push_back({});
    redirects_.push_back(0);
  }
  return number;
}

void link_graph::read_pages(const std::string& directory) {
  pages_reader rows(directory);
  while (const page_row* const row = rows.next()) {
    const node asked = add(row->url);
    const node answered = row->final_url == row->url ? asked : add(row->final_url);
    page found{.bytes = row->bytes,
               .content = content_of(*row),
               .depth = row->depth,
               .milliseconds = row->milliseconds,
               .content_type = texts_.insert(row->content_type),
               .error = texts_.insert(row->error),
               .status = row->status,
               .is_known = true,
               .is_listed = true,
               .leads_beyond = is_beyond(row->error)};
    page_count_ += pages_[asked].is_listed ? 0 : 1;
    pages_[asked] = found;
    if (answered == asked && row->redirects.empty()) continue;
    found.is_listed = false;
    node from = asked;
    for (std::size_t hop = 1; hop < row->redirects.size(); ++hop) {
      const node to = add(row->redirects[hop]);
      add_redirect(from, to);
      if (!pages_[to].is_known) pages_[to] = found;
      from = to;
    }
    add_redirect(from, answered);
    const bool ended_there = row->status != 0 && (row->status < 300 || row->status > 399);
    if (ended_there && !pages_[answered].is_known) pages_[answered] = found;
  }
  is_cut_ |= rows.ends_within_a_line();
}

void link_graph::add_redirect(node from, node to) {
  redirect_count_ += redirects_[from] == 0 ? 1 : 0;
  redirects_[from] = to + 1;
}

void link_graph::read_links(const std::string& directory, const std::string& scratch_directory) {
  links_reader rows(directory);
  mapped_vector<link> links(scratch_directory);
  std::string source;  // of the row before: rows of a page stand together
  node source_number = 0;
  while (const auto row = rows.next()) {
    if (row->source != source) {
      source = row->source;
      source_number = add(row->source);
    }
    links.push_back({source_number, add(row->target)});
  }
  is_cut_ |= rows.ends_within_a_line();

  begins_.resize(std::size_t{size()} +
                 2);  // each counts for the second behind it, and is where to write when the one before is full
  for (std::size_t n = 0; n < links.size(); ++n) ++begins_[links[n].source + 2];
  for (std::size_t n = 2; n < begins_.size(); ++n) begins_[n] += begins_[n - 1];
  targets_.resize(links.size());
  for (std::size_t n = 0; n < links.size(); ++n) targets_[begins_[links[n].source + 1]++] = links[n].target;
  begins_.resize(std::size_t{size()} + 1);
  sort_links();
}

// Each page's by number, each once.
void link_graph::sort_links() {
  std::uint64_t kept = 0;
  std::uint64_t begin = 0;
  for (node page = 0; page < size(); ++page) {
    node* const first = targets_.data() + begin;
    node* const last = targets_.data() + begins_[page + 1];
    begin = begins_[page + 1];
    std::sort(first, last);
    node* const end = std::unique(first, last);
    std::copy(first, end, targets_.data() + kept);
    begins_[page] = kept;
    kept += static_cast<std::uint64_t>(end - first);
  }
  begins_[size()] = kept;
  targets_.resize(kept);
}

bool link_graph::is_broken(node which) const noexcept {
  for (int hops = 0; hops < most_redirects; ++hops) {
    if (pages_[which].error != 0) return !pages_[which].leads_beyond;
    if (redirects_[which] == 0) return false;
    which = redirects_[which] - 1;
  }
  return true;  // a circle
}

}  // namespace hocket::graph
