// Many green threads, each in a call of libcurl that blocks: blocked URL COUNT. Prints how many pages came.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <curl/curl.h>

#include <hocket/green.hpp>
#include <hocket/hocket.hpp>

namespace green = hocket::green;

std::size_t take(char* bytes, std::size_t, std::size_t size, void* to) {
  static_cast<std::string*>(to)->append(bytes, size);
  return size;
}

bool fetch(const char* url) {
  std::string body;
  CURL* const easy = curl_easy_init();
  curl_easy_setopt(easy, CURLOPT_URL, url);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &take);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &body);
  const bool is_there = curl_easy_perform(easy) == CURLE_OK && body == "here\n";
  curl_easy_cleanup(easy);
  return is_there;
}

int main(int, char** argv) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
  green::patch_all();
  const int count = std::atoi(argv[2]);
  int good = 0;
  hocket::run(green::run([&] {
    green::group all;
    for (int n = 0; n < count; ++n) all.spawn([&good, url = argv[1]] { good += fetch(url) ? 1 : 0; });
    all.join();
  }));
  std::printf("%d\n", good);
}
