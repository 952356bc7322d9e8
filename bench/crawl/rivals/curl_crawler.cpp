// A crawler of one host on libcurl's multi interface: curl_crawler URL FOLDER [CONCURRENCY]. Writes FOLDER/links.tsv. Links are taken
// and resolved by hocket's `page_links`, so that what differs is who asks the servers, and who decides what is asked next.

#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include <curl/curl.h>

#include <hocket/crawl/page_links.hpp>
#include <hocket/url/url.hpp>

namespace {

struct transfer {
  CURL* handle = curl_easy_init();
  std::string url;
  hocket::crawl::page_links links{};
  bool is_page = false;
};

bool is_html(CURL* handle) {
  long status = 0;
  const char* type = nullptr;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(handle, CURLINFO_CONTENT_TYPE, &type);
  return status == 200 && type != nullptr && std::string_view(type).starts_with("text/html");
}

std::size_t take(char* bytes, std::size_t, std::size_t count, void* user) {
  auto& one = *static_cast<transfer*>(user);
  if (!one.is_page && is_html(one.handle)) {
    one.is_page = true;
    one.links.begin();
  }
  if (one.is_page) one.links.feed({bytes, count});
  return count;
}

class crawler {
 public:
  crawler(const hocket::url& start, std::FILE* out, std::size_t concurrency)
      : origin_(start.origin()), out_(out), transfers_(concurrency) {
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(concurrency));
    for (transfer& each : transfers_) {
      curl_easy_setopt(each.handle, CURLOPT_WRITEFUNCTION, take);
      curl_easy_setopt(each.handle, CURLOPT_WRITEDATA, &each);
      curl_easy_setopt(each.handle, CURLOPT_PRIVATE, &each);
      idle_.push_back(&each);
    }
    see(start.href());
  }

  ~crawler() {
    for (transfer& each : transfers_) curl_easy_cleanup(each.handle);
    curl_multi_cleanup(multi_);
  }
  crawler(const crawler&) = delete;

  void run() {
    for (begin_transfers(); idle_.size() < transfers_.size(); begin_transfers()) {
      curl_multi_poll(multi_, nullptr, 0, 1000, nullptr);
      int running = 0;
      curl_multi_perform(multi_, &running);
      int left = 0;
      while (const CURLMsg* message = curl_multi_info_read(multi_, &left))
        if (message->msg == CURLMSG_DONE) finish(message->easy_handle, message->data.result);
    }
  }

 private:
  void see(const std::string& href) {
    const auto [place, is_new] = seen_.insert(href);
    if (is_new) waiting_.push_back(&*place);
  }

  void begin_transfers() {
    while (!waiting_.empty() && !idle_.empty()) {
      transfer& next = *idle_.back();
      idle_.pop_back();
      next.url = *waiting_.front();
      waiting_.pop_front();
      next.is_page = false;
      curl_easy_setopt(next.handle, CURLOPT_URL, next.url.c_str());
      curl_multi_add_handle(multi_, next.handle);
    }
  }

  void finish(CURL* handle, CURLcode result) {
    transfer* done = nullptr;
    curl_easy_getinfo(handle, CURLINFO_PRIVATE, &done);
    if (result != CURLE_OK) std::fprintf(stderr, "%s: %s\n", done->url.c_str(), curl_easy_strerror(result));
    if (result == CURLE_OK && done->is_page) {
      for (const auto& link : done->links.finish(*hocket::url::parse(done->url))) {
        std::fprintf(out_, "%s\t%s\n", done->url.c_str(), link.url.href().c_str());
        if (link.url.origin() == origin_) see(link.url.href());
      }
    }
    curl_multi_remove_handle(multi_, handle);
    idle_.push_back(done);
  }

  std::string origin_;
  std::FILE* out_;
  CURLM* multi_ = curl_multi_init();
  std::vector<transfer> transfers_;
  std::vector<transfer*> idle_;
  std::unordered_set<std::string> seen_;  // nodes stay where they are
  std::deque<const std::string*> waiting_;
};

}  // namespace

int main(int count, char** arguments) {
  const auto start = hocket::url::parse(count > 2 ? arguments[1] : "");
  if (!start) {
    std::fputs("usage: curl_crawler URL FOLDER [CONCURRENCY]\n", stderr);
    return 2;
  }
  std::FILE* const out = std::fopen((std::string(arguments[2]) + "/links.tsv").c_str(), "w");
  if (out == nullptr) {
    std::perror("curl_crawler: links.tsv");
    return 1;
  }
  std::fputs("source_url\tparsed_url\n", out);
  curl_global_init(CURL_GLOBAL_ALL);
  crawler(*start, out, count > 3 ? std::strtoul(arguments[3], nullptr, 10) : 100).run();
  curl_global_cleanup();
  return std::fclose(out) == 0 ? 0 : 1;
}
