#pragma once

#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace hocket::crawl {

/// The digest that archives agree upon, SHA-1 in base32: "sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ". It names contents and
/// protects nothing.
class warc_digest {
 public:
  warc_digest();
  void feed(std::string_view piece);
  /// Of what was fed; nothing may be fed afterwards.
  [[nodiscard]] std::string text();

 private:
  struct deleter {
    void operator()(evp_md_ctx_st* context) const noexcept;
  };
  std::unique_ptr<evp_md_ctx_st, deleter> context_;
};

}  // namespace hocket::crawl
